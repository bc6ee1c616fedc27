using Banking.Accounts.ReadModels;
using Banking.Host;
using Banking.Host.Hosting;
using Banking.Testing;
using Banking.Web;
using JasperFx.Events;
using JasperFx.Events.Projections;
using Marten;
using Marten.Events.Aggregation;
using Microsoft.Extensions.DependencyInjection;

namespace Banking.Operations.Tests;

/// <summary>The directory of accounts in a next version of the program: it shows another product.</summary>
internal sealed partial class ChangedDirectory : SingleStreamProjection<AccountDirectoryEntry, Guid>
{
    private readonly AccountDirectory _former = new();

    public ChangedDirectory()
    {
        (Name, Version) = (AccountDirectory.ModelName, 2);
        foreach (var type in _former.IncludedEventTypes)
        {
            IncludedEventTypes.Add(type);
        }
    }

    /// <summary>An account whose events it cannot project.</summary>
    public Guid Poison { get; init; }

    /// <summary>The services of a program that has this projection and does not serve.</summary>
    public static ServiceProvider CreateProgram(BankFixture bank, Guid poison = default) => new ServiceCollection()
        .AddLogging()
        .AddEventStoreForCommands(new(bank.ConnectionString), [.. BankModules.All, new Module(poison)])
        .BuildServiceProvider();

    public override AccountDirectoryEntry? Evolve(AccountDirectoryEntry? snapshot, Guid id, IEvent e) => id == Poison
        ? throw new InvalidOperationException("a planted bug")
        : _former.Evolve(snapshot, id, e)! with { Product = "changed" };

    private sealed class Module(Guid poison) : BankModule
    {
        public override void Configure(StoreOptions store)
        {
            store.Projections.All.RemoveAll(p => p.Name == AccountDirectory.ModelName);
            store.Projections.Add(new ChangedDirectory { Poison = poison }, ProjectionLifecycle.Async);
        }
    }
}
