using System.Text.Json;
using Banking.EventStore.Published;
using Banking.Loyalty.Features;
using Banking.Publishing.Contracts;
using Wolverine;

namespace Banking.Loyalty.Reactions;

public static class DepositsEarnPointsHandler
{
    internal const string Deposited = "banking.account.money-deposited.v1";

    /// <summary>
    /// Submits one command per deposit. The message may be delivered again, whole or in part: the key of each command makes it take effect
    /// once.
    /// </summary>
    public static async Task Handle(EventsPublished message, Envelope envelope, PointsCommands commands, CancellationToken ct)
    {
        foreach (var deposit in message.Events.Where(e => e.Type == Deposited))
        {
            if (PointsFor(deposit.Data) is > 0 and var points)
            {
                await commands.EarnAsync(new(deposit.Id, deposit.Account, points), envelope, ct);
            }
        }
    }

    /// <summary>One point for each whole unit of the currency.</summary>
    internal static long PointsFor(string data)
    {
        using var deposit = JsonDocument.Parse(data);
        var value = deposit.RootElement.GetProperty("amount").GetProperty("value").GetString()!;
        return long.Parse(value.Split('.')[0], System.Globalization.CultureInfo.InvariantCulture);
    }
}

/// <summary>Subscribes to deposits to all accounts.</summary>
internal sealed class DepositInterest : IModuleInterest
{
    public IReadOnlyList<string> Types => [DepositsEarnPointsHandler.Deposited];

    public Task<IReadOnlySet<Guid>> AmongAsync(IReadOnlyCollection<Guid> streams, CancellationToken ct) =>
        Task.FromResult<IReadOnlySet<Guid>>(streams.ToHashSet());
}
