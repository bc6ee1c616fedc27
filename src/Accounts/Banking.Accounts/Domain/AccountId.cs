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

internal static class RefusalId
{
    public const string Prefix = "ref";
}

/// <summary>The operation names of a transfer: over HTTP, single or in a batch, and on the bus.</summary>
internal static class TransferOperation
{
    public const string Route = "/v1/transfers";
    public const string Message = "accounts.transfer-money.v1";

    public static bool Is(string operation) => operation is "POST " + Route or Message;
}
