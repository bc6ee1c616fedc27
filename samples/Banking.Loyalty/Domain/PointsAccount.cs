using System.Text.Json.Serialization;
using Banking.EventStore.Streams;
using Banking.SharedKernel;

namespace Banking.Loyalty.Domain;

/// <summary>A deposit earned points.</summary>
/// <param name="Account">The bank account that was credited.</param>
/// <param name="Points">The number of points, more than zero.</param>
/// <param name="Deposit">The published event of the deposit, evt_….</param>
/// <param name="EffectiveAt">When the points were added.</param>
public sealed record PointsEarned(Guid Account, long Points, string Deposit, DateTimeOffset EffectiveAt);

/// <summary>Points were redeemed.</summary>
/// <param name="Points">The number of points, more than zero.</param>
/// <param name="EffectiveAt">When the points were redeemed.</param>
public sealed record PointsRedeemed(long Points, DateTimeOffset EffectiveAt);

/// <summary>Points of a deposit that were not redeemed in time expired.</summary>
/// <param name="Deposit">The published event of the deposit, evt_….</param>
/// <param name="Points">The number of points that were left, more than zero.</param>
/// <param name="EffectiveAt">When the points expired.</param>
public sealed record PointsExpired(string Deposit, long Points, DateTimeOffset EffectiveAt);

/// <summary>The remaining points of one deposit.</summary>
public sealed record PointsLot(string Deposit, long Points);

/// <summary>The points of one bank account.</summary>
/// <param name="Lots">Oldest first; the oldest are redeemed first.</param>
public sealed record PointsAccount(Guid Id, long Version, DateTimeOffset RecordedAt, Guid Account, IReadOnlyList<PointsLot> Lots)
    : IEventSourced<PointsAccount>
{
    /// <summary>The time after which points expire.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);

    public static string StreamType => "points";

    /// <summary>The sum of all remaining points.</summary>
    [JsonIgnore]
    public long Points => Lots.Aggregate(0L, (sum, lot) => checked(sum + lot.Points));

    /// <summary>The stream of an account's points. It begins with the first points that the account earns.</summary>
    public static Guid IdOf(Guid account) => DeterministicId.From(account, "loyalty-points");

    /// <summary>The remaining points of a deposit.</summary>
    public long LeftOf(string deposit) => Lots.FirstOrDefault(l => l.Deposit == deposit)?.Points ?? 0;

    public static PointsAccount Fold(PointsAccount? state, Guid id, object @event, DateTimeOffset recordedAt)
    {
        var next = (state, @event) switch
        {
            (null, PointsEarned e) => new PointsAccount(id, 0, recordedAt, e.Account, [new(e.Deposit, e.Points)]),
            ({ } s, PointsEarned e) => s with { Lots = [.. s.Lots, new(e.Deposit, e.Points)] },
            ({ } s, PointsRedeemed e) when e.Points <= s.Points => s with { Lots = [.. Spend(s.Lots, e.Points)] },
            ({ } s, PointsExpired e) when e.Points == s.LeftOf(e.Deposit) => s with
            {
                Lots = [.. s.Lots.Where(l => l.Deposit != e.Deposit)],
            },
            _ => throw new InvalidOperationException(
                $"{@event.GetType().Name} cannot follow {state?.Points.ToString() ?? "no"} points in stream {id}."),
        };
        return next with { Version = next.Version + 1, RecordedAt = recordedAt };
    }

    private static IEnumerable<PointsLot> Spend(IReadOnlyList<PointsLot> lots, long points)
    {
        foreach (var lot in lots)
        {
            var spent = Math.Min(points, lot.Points);
            points -= spent;
            if (spent < lot.Points)
            {
                yield return lot with { Points = lot.Points - spent };
            }
        }
    }
}
