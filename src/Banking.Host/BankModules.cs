using Banking.Accounts;
using Banking.Approvals;
using Banking.Audit;
using Banking.Customers;
using Banking.Incoming;
using Banking.Ledger;
using Banking.Notifications;
using Banking.Operations;
using Banking.Periods;
using Banking.Publishing;
using Banking.Web;

namespace Banking.Host;

/// <summary>The only list of the bank's modules. Host, commands, schema, contracts and adapters read it.</summary>
public static class BankModules
{
    public static IReadOnlyList<BankModule> All { get; } =
    [
        new CustomersModule(),
        new AccountsModule(),
        new ApprovalsModule(),
        new PeriodsModule(),
        new LedgerModule(),
        new AuditModule(),
        new OperationsModule(),
        new PublishingModule(),
        new NotificationsModule(),
        new IncomingModule(),
    ];
}
