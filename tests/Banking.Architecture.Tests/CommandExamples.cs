using Banking.Accounts.Contracts;
using Banking.Customers.Contracts;
using Banking.SharedKernel;

namespace Banking.Architecture.Tests;

/// <summary>One message of every command, as a service sends it.</summary>
internal static class CommandExamples
{
    private const string Key = "order-4711";
    private const string Account = "acc_019b9408b28070008000000000000001";
    private const string Payee = "acc_019b9408b28070008000000000000002";
    private const string Customer = "cus_019b9408b28070008000000000000003";

    public static IReadOnlyDictionary<Type, object> All { get; } =
        new object[]
        {
            new OpenAccount(Key, Customer, Currency.Parse("EUR"), "current", Euro(500_00), Reason: "Signed contract 12"),
            new DepositMoney(Key, Account, Euro(2_400_00), BankSide.Settlement, Reference: "Wages June", Reason: "wages"),
            new WithdrawMoney(Key, Account, Euro(50_00), Reason: "cash dispenser 7"),
            new TransferMoney(Key, Account, Payee, Euro(95_50), Reference: "Invoice 4711", Reason: "invoice"),
            new CorrectTransaction(
                Key, "dep_019b9408b28070008000000000000004", CorrectionKind.Amount, "typo", "Typed 2400.00 instead of 240.00.",
                Amount: Euro(240_00)),
            new FreezeAccount(Key, Account, FreezeScope.Debit, "suspected-fraud", "Reported by the owner."),
            new UnfreezeAccount(Key, Account, FreezeScope.All, "cleared", "The report was withdrawn."),
            new ChangeOverdraftLimit(Key, Account, "750.00", "credit-check", "Approved by the credit desk."),
            new CloseAccount(Key, Account, "wish", "The owner asked for it."),
            new RegisterCustomer(Key, "Ada Example", "ada@example.org"),
        }.ToDictionary(c => c.GetType());

    private static Money Euro(long cents) => new(cents, Currency.Parse("EUR"));
}
