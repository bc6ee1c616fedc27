using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Statements.Domain;
using Banking.Approvals.Domain;
using Banking.Commands.Receipts;
using Banking.Customers.Domain;
using Banking.Notifications.Domain;
using Banking.Periods.Domain;
using Banking.Publishing;
using Banking.Publishing.Webhooks;
using Banking.ReadModels.Archiving;
using Banking.ReadModels.Books;
using Banking.SharedKernel;
using Banking.Web.Backups;

namespace Banking.Architecture.Tests;

/// <summary>One value of every event type with every member set. It is written once to golden/, and must stay readable for ever.</summary>
internal static class Examples
{
    private static readonly DateTimeOffset At = new(2026, 1, 6, 15, 0, 0, 123, 456, TimeSpan.Zero);
    private static readonly Guid Id = new("019b9408-b280-7000-8000-000000000001");
    private static readonly Guid OtherId = new("019b9408-b280-7000-8000-000000000002");
    private static readonly AccountNumber Number = AccountNumber.Create("XB", "DEMO000000000001");
    private static readonly AccountNumber OtherNumber = AccountNumber.Create("XB", "DEMO000000000002");
    private const string ArchiveName = "events-000000000012-000000240117-9f2c31b0a4d5.jsonl.zst";
    private static readonly SourceRow Source = new("berka", "trans.asc", 2, "695247");
    private static readonly MovementDetails Details = new(
        "transfer-in", new("RENT", "household"), "Miete \"März\" 🏠", new("YZ", "87144583"), "INV-2026-0042");

    public static IReadOnlyDictionary<Type, object> All { get; } =
        new object[]
        {
            new AccountOpened(Number, OtherId, "current", Euro(50_000), At, "2926", Source),
            new DelegateAuthorized(OtherId, At, Source),
            new MoneyDeposited(Euro(240_000), BankSide.Settlement, At, Details, Source),
            new MoneyWithdrawn(new(500, Currency.Parse("JPY")), BankSide.Cash, At, Details, Source),
            new TransferSent(Id, OtherId, OtherNumber, Euro(95_000), At, Details),
            new TransferReceived(Id, OtherId, Number, Euro(95_000), At, Details),
            new DifferenceBooked(Id, "rounding", Direction.Debit, new(1, Currency.FromStored("CZK", 2)), BankSide.Suspense, At, Source),
            new MovementReversed(
                new(OtherId, Id, Id, TransactionKind.Deposit, CorrectionKind.EffectiveDate), Direction.Debit, Euro(240_000), At,
                BankSide.Settlement, new(OtherId, OtherNumber), Details),
            new MovementRebooked(
                new(OtherId, Id, Id, TransactionKind.Transfer, CorrectionKind.Amount), Direction.Credit, Euro(95_000), At, BankSide.Cash,
                new(OtherId, Number), Details),
            new AccountFrozen(FreezeScope.All, At),
            new AccountUnfrozen(FreezeScope.Debit, At),
            new OverdraftLimitSet(new(1_234, Currency.Parse("KWD")), At),
            new AccountClosed(At),
            new AccountCarriedForward(
                Number, OtherId, "current", AccountStatus.Open, Euro(-95_000), Euro(50_000), At, At, true, true,
                "cus_019b9408b28070008000000000000001 cus_019b9408b28070008000000000000002", "2926"),
            new PeriodClosed(
                new(2026, 1, 1), new(2026, 2, 1), 42, 41,
                """[{"currency":"EUR","scale":2,"debits":"950.00","credits":"950.00","customerDeposits":"1450.00","entries":3}]""",
                """[{"name":"accounts","isPassed":true,"detail":"All agree.","facts":{"accounts":"2"}}]""",
                At),
            new PeriodReopened(new(2026, 1, 1), new(2026, 2, 1), At),
            new StatementScheduleSet(Id, StatementFrequency.EachTransaction, At),
            new StatementScheduleImported(Id, StatementFrequency.Weekly, new("berka", "account.asc", 3, "50")),
            new ScheduledStatementSkipped(Id, new(2026, 1, 5), new(2026, 1, 12), OtherId),
            new ScheduledStatementFailed(Id, new(2026, 1, 12), new(2026, 1, 19), "statement_too_long"),
            new StatementIssued(
                Id, OtherId, 7, new(2026, 1, 1), new(2026, 2, 1), 42, At, 43, Euro(-5), Euro(240_000), 3,
                "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", 1, OtherId,
                "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"),
            new CommandRefused(Id, 7, "POST /v1/transfers", "insufficient_funds", At),
            new RebuildRequested("ledger", 2, 1, At),
            new RebuildFinished("ledger", 2, "differs", 42, 1, At),
            new ReadModelPaused("ledger", 2, 42, "Event 42 cannot be projected", At),
            new ReadModelResumed("ledger", 2, At),
            new DriftFound("entries", "entry", Id, 1, """{"version": 2, "balance": 1}""", """{"version": 2, "balance": 3}""", true, At),
            new EventsArchived(ArchiveName, "9f2c", 100_000, 12, 240_117, At),
            new ArchivedRowsChangeStarted(ArchiveName, true, At),
            new ArchivedRowsRemoved(ArchiveName, 96_004, At),
            new ArchivedRowsRestored(ArchiveName, 96_004, At),
            new ArchiveChecked(ArchiveName, false, "The log has another event than the file at position 63.", At),
            new ArchiveHeld(ArchiveName, At),
            new ArchiveReleased(ArchiveName, At),
            new ArchiveDeleted(ArchiveName, At.AddYears(-10), 100_000, At),
            new BackupRequested(At),
            new RestoreDrilled(true, 4_200, "63 events of 6 accounts compared in 1.4 s: 0 differences.", At),
            new DestinationPaused("kafka", "banking.account.money-deposited.v1", At),
            new DestinationReleased("kafka", "banking.account.money-deposited.v1", At),
            new DestinationSet("kafka", 42, At),
            new LogRestored("4b1d0a64c5f84c0f9d3a5f3f8f0f7a21", "0f6a3f0e8f2b4f5d8a9b1c2d3e4f5061", 42, "restored", At),
            new DeadLettersReplayed("kafka", 3, At),
            new DeadLetterDiscarded("kafka", "evt_019b9408b28070008000000000000001", Id, "answered 400", At),
            new WebhookRegistered(
                "https://ada.example/banking?of=main",
                "banking.account.money-deposited.v1 banking.account.money-withdrawn.v1",
                "acc_019b9408b28070008000000000000001 acc_019b9408b28070008000000000000002",
                "Ada's books",
                42,
                Id,
                At),
            new WebhookRedirected(
                "https://ada.example/elsewhere",
                "banking.account.money-deposited.v1",
                "acc_019b9408b28070008000000000000001",
                "Ada's books",
                At),
            new WebhookSecretRotated(OtherId, At.AddHours(24), At),
            new WebhookSecretRetired(OtherId, At),
            new WebhookRemoved(At),
            new SubscriptionMade(Id, OtherId, "banking.account.money-deposited.v1 banking.account.transfer-received.v1", Euro(10_000), At),
            new SubscriptionCancelled(At),
            new CommandProposed(
                "accounts.correct-transaction.v1",
                """{"type":"accounts.correct-transaction.v1","fields":{"commandId":"4711"}}""",
                "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "duplicate",
                "paid twice",
                """{"reasons":["amount"],"facts":{"acc_1.status":"open"},"limits":{"acc_1.shortfall":7000}}""",
                "ada",
                At.AddHours(72),
                At),
            new ProposalExecuted("bob", "/v1/transactions/cor_019b9408b28070008000000000000001", At),
            new ProposedCommandRefused("bob", "insufficient_funds", "Too little.", """{"version":3}""", At),
            new ProposalRejected("bob", At),
            new ProposalWithdrawn(At),
            new ProposalExpired(At),
            new ProposalVoided("bob", "acc_1.status acc_1.shortfall", At),
            new CustomerRegistered(new(SealedData.AesGcm256, "bm90IHNlYWxlZCBhdCBhbGwsIGFuIGV4YW1wbGU="), At, "1", Source),
        }.ToDictionary(e => e.GetType());

    private static Money Euro(long minor) => new(minor, Currency.Parse("EUR"));
}
