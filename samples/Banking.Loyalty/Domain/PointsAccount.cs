using Banking.Platform.EventSourcing;
using Banking.SharedKernel;

namespace Banking.Loyalty.Domain;

/// <summary>A deposit earned points.</summary>
/// <param name="Account">The bank account that was credited.</param>
/// <param name="Points">How many, more than zero.</param>
/// <param name="Deposit">The published event of the deposit, evt_….</param>
/// <param name="EffectiveAt">When they were added.</param>
public sealed record PointsEarned(Guid Account, long Points, string Deposit, DateTimeOffset EffectiveAt);

/// <summary>Points were spent.</summary>
/// <param name="Points">How many, more than zero.</param>
/// <param name="EffectiveAt">When.</param>
public sealed record PointsRedeemed(long Points, DateTimeOffset EffectiveAt);

/// <summary>The points of one bank account.</summary>
public sealed record PointsAccount(Guid Id, long Version, DateTimeOffset RecordedAt, Guid Account, long Points) : IEventSourced<PointsAccount>
{
    public static string StreamType => "points";

    /// <summary>The stream of an account's points: each account has one, from its first points on.</summary>
    public static Guid IdOf(Guid account) => DeterministicId.From(account, "loyalty-points");

    public static PointsAccount Fold(PointsAccount? state, Guid id, object @event, DateTimeOffset recordedAt)
    {
        var next = (state, @event) switch
        {
            (null, PointsEarned e) => new PointsAccount(id, 0, recordedAt, e.Account, e.Points),
            ({ } s, PointsEarned e) => s with { Points = checked(s.Points + e.Points) },
            ({ } s, PointsRedeemed e) when e.Points <= s.Points => s with { Points = s.Points - e.Points },
            _ => throw new InvalidOperationException($"{@event.GetType().Name} cannot follow {state?.Points.ToString() ?? "no"} points in stream {id}."),
        };
        return next with { Version = next.Version + 1, RecordedAt = recordedAt };
    }
}
