using Banking.EventStore.Keys;
using Banking.EventStore.Storage;
using Banking.Web.Http;
using Npgsql;
using NpgsqlTypes;

namespace Banking.Audit.Actors;

/// <summary>An actor of events.</summary>
/// <param name="Actor">As events have it.</param>
/// <param name="Name">
/// The name in the actor's last token; absent if it had none, while the key ring cannot be used, or if what is stored is not this actor's.
/// </param>
/// <param name="FirstSeen">When the bank first saw a token of the actor.</param>
/// <param name="LastSeen">When it last did, to ten minutes.</param>
public sealed record ActorView(string Actor, string? Name, DateTimeOffset FirstSeen, DateTimeOffset LastSeen)
{
    /// <summary>Without the name, because records may be logged.</summary>
    public override string ToString() => $"{nameof(ActorView)} {Actor}";
}

/// <summary>
/// Knows who stands behind the actors of events: the names of staff, wrapped like the keys of customers. Deleting a row erases the person;
/// the events keep the actor.
/// </summary>
public sealed class ActorDirectory(CheckedWrapping wrapping, NpgsqlDataSource source)
{
    private readonly ActorNames _names = new(wrapping);

    /// <summary>Stores actors. A host that stores late does not replace the name of a newer token.</summary>
    /// <exception cref="KeyUnavailableException">Names cannot be wrapped.</exception>
    internal async Task StoreAsync(IReadOnlyList<SeenActor> actors, CancellationToken ct)
    {
        var names = new List<WrappedKey?>();
        foreach (var seen in actors)
        {
            names.Add(seen.Name is null ? null : await _names.SealAsync(seen.Actor, seen.Name, ct));
        }

        const NpgsqlDbType Texts = NpgsqlDbType.Array | NpgsqlDbType.Text;
        await source.ExecuteAsync(
            $"""
            insert into {ActorTable.Name} as a (actor, name, name_wrapped_by, first_seen, last_seen)
            select actor, name, wrapped_by, seen, seen from unnest($1, $2, $3, $4) as n(actor, name, wrapped_by, seen)
            on conflict (actor) do update set
                name = case when excluded.last_seen >= a.last_seen then coalesce(excluded.name, a.name) else a.name end,
                name_wrapped_by = case when excluded.last_seen >= a.last_seen
                    then coalesce(excluded.name_wrapped_by, a.name_wrapped_by) else a.name_wrapped_by end,
                first_seen = least(a.first_seen, excluded.first_seen), last_seen = greatest(a.last_seen, excluded.last_seen)
            """,
            [
                actors.Select(a => a.Actor).ToArray(),
                Texts.Of(names.Select(n => n?.Text).ToArray()),
                Texts.Of(names.Select(n => n?.By).ToArray()),
                actors.Select(a => a.At.UtcDateTime).ToArray(),
            ],
            ct);
    }

    /// <summary>Unwraps the names of actors.</summary>
    internal async Task<IReadOnlyList<ActorView>> OpenAsync(IEnumerable<StoredActor> actors, CancellationToken ct)
    {
        var views = new List<ActorView>();
        foreach (var actor in actors)
        {
            var name = actor.Name is null ? null : await OpenAsync(actor.Actor, actor.Name, ct);
            views.Add(new(actor.Actor, name, actor.FirstSeen, actor.LastSeen));
        }

        return views;
    }

    private async Task<string?> OpenAsync(string actor, WrappedKey name, CancellationToken ct)
    {
        try
        {
            // A name of another actor is not shown either; verify names the row.
            return await _names.OpenAsync(actor, name, ct);
        }
        catch (KeyUnavailableException)
        {
            // Events can be audited without names; health reports the key ring.
            return null;
        }
    }
}
