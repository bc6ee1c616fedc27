using System.Text.Json;
using Banking.Publishing.Contracts;
using Banking.SharedKernel;

namespace Banking.Notifications.Domain;

/// <summary>Amount and direction of a movement; null members for events that move no money.</summary>
internal sealed record MovementFacts(string? Value, string? Currency, string? Direction)
{
    private static readonly MovementFacts None = new(null, null, null);

    public static MovementFacts Of(PublishedEvent e)
    {
        if (!NotifiableEvents.IsMovement(e.Type))
        {
            return None;
        }

        using var data = JsonDocument.Parse(e.Data);
        var amount = data.RootElement.GetProperty("amount");
        return new(
            amount.GetProperty("value").GetString(), amount.GetProperty("currency").GetString(),
            NotifiableEvents.DirectionOf(e.Type) ?? data.RootElement.GetProperty("direction").GetString());
    }

    /// <summary>False for another currency, because there is no exchange rate here.</summary>
    public bool IsAtLeast(Money minimum) =>
        Currency == minimum.Currency.Code
        && Money.TryParse(Value, minimum.Currency, out var amount, out _)
        && amount.Minor >= minimum.Minor;
}
