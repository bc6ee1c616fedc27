using System.Text.Json;
using Banking.ReadModels.Books;
using JasperFx.Events;

namespace Banking.ReadModels.Comparing;

/// <summary>
/// Makes the answers to the commands of some streams again. It folds each stream once, in the order of the versions that it is asked for,
/// and keeps one state.
/// </summary>
/// <param name="streams">The events of streams that were read whole. Other streams are added page by page.</param>
internal sealed class MadeAnswers(
    IReadOnlyDictionary<string, AnswerRule> rules, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> streams)
{
    private readonly Queue<IEvent> _next = [];
    private Guid _stream;
    private object? _state;
    private long _version;
    private bool _isFailed;

    /// <summary>The last version that can be asked for.</summary>
    public long LastVersion { get; private set; }

    /// <summary>Begins with a stream.</summary>
    public void Begin(Guid stream)
    {
        (_stream, _state, _version, _isFailed, LastVersion) = (stream, null, 0, false, 0);
        _next.Clear();
    }

    /// <summary>Adds the next events of the stream.</summary>
    public void Add(IReadOnlyList<IEvent> events)
    {
        foreach (var e in events)
        {
            _next.Enqueue(e);
            LastVersion = e.Version;
        }
    }

    /// <summary>Makes the answer to the command whose last event in its stream this is.</summary>
    /// <returns>Null if this event does not give the answer, or the stream cannot be folded.</returns>
    public MadeAnswer? Make(ReceiptedEvent last, JsonElement? stored)
    {
        if (!last.IsLastOfCommand || !rules.TryGetValue(last.StreamType, out var rule))
        {
            return null;
        }

        if (last.Stream != _stream)
        {
            Begin(last.Stream);
            Add(streams.GetValueOrDefault(last.Stream, []));
        }

        var own = FoldTo(last.Version, last.CommandStart, rule);
        return _state is { } state && own.Count == last.Version - last.CommandStart + 1
            ? rule.Make(new(last.Stream, own, stored, last.ReasonCode, last.ReasonText, last.IsApproved), state)
            : null;
    }

    /// <summary>Folds the events up to a version, and returns those from another version on.</summary>
    private List<IEvent> FoldTo(long version, long from, AnswerRule rule)
    {
        var own = new List<IEvent>();
        while (!_isFailed && _next.TryPeek(out var e) && e.Version <= version)
        {
            Fold(_next.Dequeue(), rule);
            if (e.Version >= from)
            {
                own.Add(e);
            }
        }

        return own;
    }

    /// <summary>Folds one more event. After a gap or an impossible event, which other comparisons report, there is no state.</summary>
    private void Fold(IEvent e, AnswerRule rule)
    {
        try
        {
            (_state, _version, _isFailed) = e.Version == _version + 1
                ? (rule.Next(_state, _stream, e), e.Version, false)
                : (null, _version, true);
        }
        catch (Exception failure) when (ReadModelWriter.IsDataFailure(failure))
        {
            (_state, _isFailed) = (null, true);
        }
    }
}
