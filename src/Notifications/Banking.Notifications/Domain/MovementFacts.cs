using System.Text.Json;
using Banking.Publishing.Contracts;
using Banking.SharedKernel;

namespace Banking.Notifications.Domain;

/// <summary>How much moved, and which way; nothing for what moves no money.</summary>
internal sealed record MovementFacts(string? Value, string? Currency, string? Direction)
{
    private static readonly MovementFacts None = new(null, null, null);

    public static MovementFacts Of(PublishedEvent e)
    {
        if (!Hearable.IsMovement(e.Type))
        {
            return None;
        }

        using var data = JsonDocument.Parse(e.Data);
        var amount = data.RootElement.GetProperty("amount");
        return new(
            amount.GetProperty("value").GetString(), amount.GetProperty("currency").GetString(),
            Hearable.DirectionOf(e.Type) ?? data.RootElement.GetProperty("direction").GetString());
    }

    /// <summary>False in another currency: nobody here knows a rate.</summary>
    public bool IsAtLeast(Money minimum) =>
        Currency == minimum.Currency.Code
        && Money.TryParse(Value, minimum.Currency, out var amount, out _)
        && amount.Minor >= minimum.Minor;
}
