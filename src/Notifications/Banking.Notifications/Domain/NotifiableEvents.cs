namespace Banking.Notifications.Domain;

/// <summary>The types of published account events that subscriptions may name.</summary>
internal static class NotifiableEvents
{
    private const string Account = "banking.account.";

    /// <summary>The direction of each movement type; null for corrections, whose data has it.</summary>
    private static readonly Dictionary<string, string?> Directions = new()
    {
        [Account + "money-deposited.v1"] = "credit",
        [Account + "money-withdrawn.v1"] = "debit",
        [Account + "transfer-sent.v1"] = "debit",
        [Account + "transfer-received.v1"] = "credit",
        [Account + "correction-booked.v1"] = null,
        [Account + "movement-reversed.v1"] = null,
        [Account + "movement-rebooked.v1"] = null,
    };

    /// <summary>The default types of a subscription.</summary>
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
