using Banking.Accounts;
using Banking.Audit;
using Banking.Customers;
using Banking.Ledger;
using Banking.Notifications;
using Banking.Operations;
using Banking.Platform;
using Banking.Publishing;

namespace Banking.Host;

/// <summary>The modules of the bank. Nothing else names them: host, commands, schema, contracts and adapters read this list.</summary>
public static class BankModules
{
    public static IReadOnlyList<BankModule> All { get; } =
    [
        new CustomersModule(),
        new AccountsModule(),
        new LedgerModule(),
        new AuditModule(),
        new OperationsModule(),
        new PublishingModule(),
        new NotificationsModule(),
    ];
}
