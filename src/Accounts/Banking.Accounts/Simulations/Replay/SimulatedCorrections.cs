using Banking.Accounts.Contracts;
using Banking.Accounts.Domain;
using Banking.Accounts.Features;
using Banking.Commands.Decisions;
using JasperFx.Events;

namespace Banking.Accounts.Simulations.Replay;

/// <summary>
/// The corrections of the history, and the transactions that they correct as these are in the simulated past. They are known before the
/// replay: the command of a correction follows from all its bookings, of which some may be on accounts outside.
/// </summary>
internal sealed class SimulatedCorrections
{
    private readonly Dictionary<Guid, IReadOnlyList<IEvent>> _bookings;
    private readonly IReadOnlyDictionary<Guid, BookedTransaction> _real;
    private readonly Dictionary<Guid, BookedTransaction> _simulated;

    /// <param name="bookings">All bookings of the corrections.</param>
    /// <param name="corrected">The events of the transactions that stored commands correct, and of the beginnings of their chains.</param>
    /// <param name="isInside">Whether an account is in the simulation.</param>
    public SimulatedCorrections(IEnumerable<IEvent> bookings, IEnumerable<IEvent> corrected, Func<Guid, bool> isInside)
    {
        _bookings = bookings.GroupBy(e => ((ICorrectionEvent)e.Data).Correction.Id)
            .ToDictionary(g => g.Key, g => (IReadOnlyList<IEvent>)[.. g.OrderBy(e => e.Sequence)]);
        _real = corrected.Select(BookedTransaction.Of).OfType<BookedTransaction>().DistinctBy(t => t.Id).ToDictionary(t => t.Id);
        // A transaction on an account outside is taken as given.
        _simulated = _real.Values.Where(t => !isInside(t.Booking.Account)).ToDictionary(t => t.Id);
    }

    public static SimulatedCorrections None { get; } = new([], [], _ => true);

    /// <summary>The bookings of a correction in the real history.</summary>
    public IReadOnlyList<IEvent> Bookings(Guid correction) => _bookings[correction];

    /// <summary>The correction again; null if there is no such transaction in the simulated past.</summary>
    public SimulatedCorrection? Again(Guid correction)
    {
        var bookings = _bookings[correction];
        var first = (ICorrectionEvent)bookings[0].Data;
        var link = first.Correction;
        if (!_simulated.TryGetValue(link.Corrects, out var corrected))
        {
            return null;
        }

        var rebooked = bookings.Where(b => b.Data is MovementRebooked).ToList();
        var right = rebooked.Count == 0 ? null : (ICorrectionEvent)rebooked[0].Data;
        var command = new CorrectTransaction(
            "simulation", corrected.PublicId, link.Kind, "simulation", "simulation",
            link.Kind != CorrectionKind.EffectiveDate && _real.TryGetValue(link.Corrects, out var before)
                && first.EffectiveAt != before.Booking.EffectiveAt
                ? CorrectionTime.Now
                : CorrectionTime.Original,
            link.Kind == CorrectionKind.Amount ? right!.Amount : null,
            EffectiveAt: link.Kind == CorrectionKind.EffectiveDate ? right!.EffectiveAt : null,
            AllowOverdrawn: link.AllowOverdrawn);
        return Make(command, corrected, link.Kind != CorrectionKind.Account ? new() : link.Of == TransactionKind.Transfer
            ? new(From: AccountOf(rebooked, Direction.Debit), To: AccountOf(rebooked, Direction.Credit))
            : new(Account: rebooked[0].StreamId));
    }

    /// <summary>A refused correction again; null if there is no such transaction in the simulated past.</summary>
    public SimulatedCorrection? Again(CorrectTransaction command, Func<string, Guid> find) =>
        TransactionId.Parse(command.Transaction) is { } id && _simulated.TryGetValue(id, out var corrected)
            ? Make(command, corrected, new(Find(command.Account, find), Find(command.From, find), Find(command.To, find)))
            : null;

    /// <summary>Sets what a transaction is in the simulated past.</summary>
    /// <param name="events">Its events; none if it did not happen.</param>
    public void Set(Guid transaction, IEnumerable<NewEvent> events)
    {
        if (_real.ContainsKey(transaction))
        {
            _simulated.Remove(transaction);
            if (events.Select(e => BookedTransaction.Of(e.EventId, e.StreamId, e.Data)).FirstOrDefault(t => t?.Id == transaction) is { } t)
            {
                _simulated[transaction] = t;
            }
        }
    }

    /// <summary>An event of both histories.</summary>
    public void Keep(IEvent e)
    {
        if (_real.TryGetValue(e.Id, out var same))
        {
            _simulated[e.Id] = same;
        }
    }

    private SimulatedCorrection Make(CorrectTransaction command, BookedTransaction corrected, RightAccounts right) =>
        SimulatedCorrection.Of(command, corrected, _simulated.GetValueOrDefault(corrected.Root), right);

    private static Guid? Find(string? account, Func<string, Guid> find) => account is null ? null : find(account);

    private static Guid AccountOf(List<IEvent> bookings, Direction direction) =>
        bookings.Single(b => ((ICorrectionEvent)b.Data).Direction == direction).StreamId;
}
