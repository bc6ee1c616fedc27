using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Commands.Decisions;
using Banking.SharedKernel;

namespace Banking.Accounts.Simulations.Replay;

/// <summary>A correction of a transaction as it is in the simulated past.</summary>
/// <param name="Corrected">The transaction in the simulated past.</param>
/// <param name="First">The transaction at the beginning of its chain; null if it is not in the simulated past.</param>
internal sealed record SimulatedCorrection(
    CorrectTransaction Command, BookedTransaction Corrected, BookedTransaction? First, RightAccounts Right, IReadOnlyList<Guid> Accounts)
    : SimulatedCommand(CorrectionOperation.Message, Accounts, Command.Amount ?? Corrected.Booking.Amount)
{
    public override DateTimeOffset? EffectiveAt => Command.EffectiveAt;

    public override DateTimeOffset? TimelineFrom(int index) =>
        Command.Effective == CorrectionTime.Now ? AccountTimeline.NoMovements
        : Command.EffectiveAt is { } at && at < Corrected.Booking.EffectiveAt ? at
        : Corrected.Booking.EffectiveAt;

    public override Decision Decide(IReadOnlyList<Account> accounts, Guid id, DateTimeOffset now, BackdatingRule rule) =>
        CorrectionDecision.Decide(
            Command, Corrected, Right, accounts.ToDictionary(a => a.Id), IdsOf(id), CorrectionTimeLimit.Of(rule, Corrected, First), now);

    public static SimulatedCorrection Of(
        CorrectTransaction command, BookedTransaction corrected, BookedTransaction? first, RightAccounts right) => new(
        command, corrected, first, right,
        [
            .. corrected.Booking.Sides.Select(s => (Guid?)s.Account).Concat([right.Account, right.From, right.To])
                .OfType<Guid>().Distinct(),
        ]);

    /// <summary>The ids of its bookings: the first is the correction's, and the others are never asked for.</summary>
    private static Guid[] IdsOf(Guid id) =>
        [id, .. Enumerable.Range(1, CorrectionDecision.MaxBookings - 1).Select(n => DeterministicId.From(id, $"booking-{n}"))];
}
