using Banking.Accounts.Contracts;
using Banking.Commands.Receipts;
using Banking.SharedKernel;

namespace Banking.Accounts.Domain;

/// <summary>The public form of account ids.</summary>
internal static class AccountId
{
    public const string Prefix = "acc";

    public static string Format(Guid id) => PublicId.Format(Prefix, id);
}

internal static class MovementId
{
    public const string Deposit = "dep";
    public const string Withdrawal = "wdr";
    public const string Transfer = "trf";
}

/// <summary>The public ids of transactions: of a deposit, withdrawal or transfer, or of a correction.</summary>
internal static class TransactionId
{
    public const string Correction = "cor";

    private static readonly string[] Prefixes = [MovementId.Deposit, MovementId.Withdrawal, MovementId.Transfer, Correction];

    public static string PrefixOf(TransactionKind kind) => kind switch
    {
        TransactionKind.Deposit => MovementId.Deposit,
        TransactionKind.Withdrawal => MovementId.Withdrawal,
        TransactionKind.Transfer => MovementId.Transfer,
        _ => throw new InvalidOperationException($"{kind} is not a kind of transaction."),
    };

    /// <param name="root">The transaction at the beginning of the chain, which is of that kind. All others are corrections.</param>
    public static string Format(TransactionKind kind, Guid root, Guid id) =>
        PublicId.Format(id == root ? PrefixOf(kind) : Correction, id);

    /// <summary>The id in the text. The caller must check that the transaction found has this prefix.</summary>
    public static Guid? Parse(string text)
    {
        foreach (var prefix in Prefixes)
        {
            if (PublicId.TryParse(prefix, text, out var id))
            {
                return id;
            }
        }

        return null;
    }
}

internal static class RefusalId
{
    public const string Prefix = CommandRefused.Prefix;
}

/// <summary>The name of a correction as a stored command.</summary>
internal static class CorrectionOperation
{
    public const string Message = "accounts.correct-transaction.v1";
}

/// <summary>The operation names of a transfer: over HTTP, single or in a batch, and on the bus.</summary>
internal static class TransferOperation
{
    public const string Route = "/v1/transfers";
    public const string Message = "accounts.transfer-money.v1";

    public static bool Is(string operation) => operation is "POST " + Route or Message;
}
