using System.Globalization;

namespace Banking.Accounts.ReadModels;

/// <summary>Which rows of the book are transactions of a kind.</summary>
internal static class MovementKinds
{
    /// <summary>The condition of the indexes for deposits, withdrawals and transfers, as SQL.</summary>
    public static string IsTransaction { get; } =
        $"kind in ({Text(EntryKind.Deposit)}, {Text(EntryKind.Withdrawal)}, {Text(EntryKind.Transfer)})";

    public static IReadOnlyList<EntryKind> Deposits { get; } = [EntryKind.Deposit];

    public static IReadOnlyList<EntryKind> Withdrawals { get; } = [EntryKind.Withdrawal];

    /// <summary>Each transfer once, as the payer's account has it.</summary>
    public static IReadOnlyList<EntryKind> Transfers { get; } = [EntryKind.Transfer];

    /// <summary>Both halves of transfers. Other movements that are not counted may be among them.</summary>
    public static IReadOnlyList<EntryKind> HalvesOfTransfers { get; } = [EntryKind.None, EntryKind.Transfer];

    private static string Text(EntryKind kind) => ((short)kind).ToString(CultureInfo.InvariantCulture);
}
