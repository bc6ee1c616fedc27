namespace Banking.Notifications.Domain;

/// <summary>What can be heard of: everything that happens to an account, as it is published.</summary>
internal static class Hearable
{
    private const string Account = "banking.account.";

    /// <summary>Types whose direction is known from their name; a correction says its own.</summary>
    private static readonly Dictionary<string, string?> Directions = new()
    {
        [Account + "money-deposited.v1"] = "credit",
        [Account + "money-withdrawn.v1"] = "debit",
        [Account + "transfer-sent.v1"] = "debit",
        [Account + "transfer-received.v1"] = "credit",
        [Account + "correction-booked.v1"] = null,
    };

    /// <summary>What a subscription hears of that names no types.</summary>
    public static IReadOnlyList<string> Movements { get; } = [.. Directions.Keys];

    public static IReadOnlyList<string> Types { get; } =
    [
        .. Movements,
        Account + "account-opened.v1",
        Account + "delegate-authorized.v1",
        Account + "account-frozen.v1",
        Account + "account-unfrozen.v1",
        Account + "overdraft-limit-changed.v1",
        Account + "account-closed.v1",
    ];

    public static bool IsMovement(string type) => Directions.ContainsKey(type);

    public static string? DirectionOf(string type) => Directions.GetValueOrDefault(type);
}
