using System.Collections.Concurrent;
using System.Security.Claims;
using Banking.EventStore.Callers;

namespace Banking.Web.Http;

/// <summary>An actor whose token was valid.</summary>
/// <param name="Name">The name in the token; null if it has none.</param>
public sealed record SeenActor(string Actor, string? Name, DateTimeOffset At)
{
    /// <summary>Without the name, because records may be logged.</summary>
    public override string ToString() => $"{nameof(SeenActor)} {Actor}";
}

/// <summary>
/// Collects the actors that this host sees, until they are stored. An actor is collected again after ten minutes, or under another name.
/// Customers are left out: the bank knows their names already, and an audit answer names the customer. Services are left out: they are no
/// persons.
/// </summary>
public sealed class SeenActors(TimeProvider clock)
{
    private const int MaxEntries = 10_000;

    private static readonly TimeSpan MinInterval = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, SeenActor> _known = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, SeenActor> _waiting = new(StringComparer.Ordinal);

    public void Add(ClaimsIdentity caller)
    {
        if (caller.FindFirst(Claims.Subject)?.Value is not { } actor
            || caller.FindFirst(Claims.Role)?.Value is null or Roles.Customer or Roles.Service)
        {
            return;
        }

        var seen = new SeenActor(actor, caller.FindFirst(Claims.Name)?.Value, clock.GetUtcNow());
        if (_known.TryGetValue(actor, out var known) && known.Name == seen.Name && seen.At - known.At < MinInterval)
        {
            return;
        }

        if (_known.Count >= MaxEntries)
        {
            _known.Clear();
        }

        _known[actor] = _waiting[actor] = seen;
    }

    /// <summary>Takes the actors that are to be stored, ordered by actor.</summary>
    public IReadOnlyList<SeenActor> Take() =>
    [
        .. _waiting.Keys.Order(StringComparer.Ordinal)
            .Select(actor => _waiting.TryRemove(actor, out var seen) ? seen : null).OfType<SeenActor>(),
    ];

    /// <summary>Returns actors that could not be stored. One that was seen again is not replaced.</summary>
    public void Return(IEnumerable<SeenActor> actors)
    {
        foreach (var seen in actors)
        {
            _waiting.TryAdd(seen.Actor, seen);
        }
    }
}
