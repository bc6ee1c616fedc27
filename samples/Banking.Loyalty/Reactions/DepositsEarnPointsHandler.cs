using System.Text.Json;
using Banking.Loyalty.Features;
using Banking.Platform.Publication;
using Banking.Publishing.Contracts;
using Wolverine;

namespace Banking.Loyalty.Reactions;

public static class DepositsEarnPointsHandler
{
    internal const string Deposited = "banking.account.money-deposited.v1";

    /// <summary>
    /// Each deposit is a command of its own. The message may come again, whole or in part: each command's key makes it happen once.
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

    /// <summary>One for each whole unit of the currency, whichever it is.</summary>
    internal static long PointsFor(string data)
    {
        using var deposit = JsonDocument.Parse(data);
        var value = deposit.RootElement.GetProperty("amount").GetProperty("value").GetString()!;
        return long.Parse(value.Split('.')[0], System.Globalization.CultureInfo.InvariantCulture);
    }
}

/// <summary>Deposits on any account.</summary>
internal sealed class DepositInterest : IModuleInterest
{
    public IReadOnlyList<string> Types => [DepositsEarnPointsHandler.Deposited];

    public Task<IReadOnlySet<Guid>> AmongAsync(IReadOnlyCollection<Guid> accounts, CancellationToken ct) =>
        Task.FromResult<IReadOnlySet<Guid>>(accounts.ToHashSet());
}
