using System.Globalization;

namespace Banking.Accounts.ReadModels;

/// <summary>Which rows of the book are transactions of a kind, as SQL.</summary>
internal static class MovementKinds
{
    /// <summary>The condition of the indexes for deposits, withdrawals and transfers.</summary>
    public static string IsTransaction { get; } =
        $"kind in ({Text(EntryKind.Deposit)}, {Text(EntryKind.Withdrawal)}, {Text(EntryKind.Transfer)})";

    public static string Deposits { get; } = $"e.kind = {Text(EntryKind.Deposit)}";

    public static string Withdrawals { get; } = $"e.kind = {Text(EntryKind.Withdrawal)}";

    /// <summary>Each transfer once, as the payer's account has it.</summary>
    public static string Transfers { get; } = $"e.kind = {Text(EntryKind.Transfer)}";

    /// <summary>Both halves of transfers. Other movements that are not counted may be among them.</summary>
    public static string HalvesOfTransfers { get; } = $"e.kind in ({Text(EntryKind.None)}, {Text(EntryKind.Transfer)})";

    private static string Text(EntryKind kind) => ((short)kind).ToString(CultureInfo.InvariantCulture);
}
