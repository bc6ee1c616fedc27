using Banking.Accounts.Statements;
using Banking.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Accounts.Tests.Statements;

/// <summary>A bank whose statements have few entries and periods.</summary>
public sealed class ShortStatements : BankFixture
{
    public const int MaxEntries = 5;

    public const int MaxPeriods = 3;

    protected override void Configure(IServiceCollection services) =>
        services.AddSingleton(new StatementLimits { MaxEntries = MaxEntries, MaxPeriods = MaxPeriods, MaxReaders = 1 });
}
