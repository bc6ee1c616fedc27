using Banking.SharedKernel;

namespace Banking.Accounts.Domain;

/// <summary>How ids of this module look from outside.</summary>
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
