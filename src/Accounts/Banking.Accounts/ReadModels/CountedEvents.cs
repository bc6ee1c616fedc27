using Banking.Accounts.Domain;
using Banking.Commands.Decisions;
using Banking.EventStore.Storage;
using Banking.Web.Http;
using Microsoft.AspNetCore.Http;
using Npgsql;

namespace Banking.Accounts.ReadModels;

/// <summary>
/// The events of an account that count at a moment: those up to a version that took effect by an instant. A version selects the same events
/// for ever, whatever the clocks say.
/// </summary>
public sealed record CountedEvents(DateTimeOffset EffectiveAt, long Version);

/// <summary>Finds the events that count at a moment.</summary>
public sealed class MomentReader(NpgsqlDataSource source, AccountReader reader)
{
    private static readonly string LastKnown =
        $"""
        with recursive {Chunks.LastKnown("$2")}
        select (select low from search where low = high), coalesce(max(version), 0)
        from {AccountsModule.Schema}.{EntriesModel.Entry} where account = $1
        """;

    public async Task<CountedEvents> ReadAsync(Account account, Moment moment, CancellationToken ct)
    {
        switch (moment)
        {
            case Moment.AtVersion at:
                return new(DateTimeOffset.MaxValue, at.Version);
            case Moment.AtInstants at:
                return new(at.EffectiveAt, await VersionAtAsync(account, at.KnownAt, ct));
            default:
                return new(DateTimeOffset.MaxValue, account.Version);
        }
    }

    /// <summary>The version of the last event that was recorded by the knownAt of a query; the last version if it has none.</summary>
    internal async Task<(long Version, Refusal? Problem)> KnownVersionAsync(HttpRequest request, Account account, DateTimeOffset now)
    {
        var (knownAt, problem) = KnownAtQuery.Read(request, now);
        return problem is not null ? (0, problem)
            : knownAt is { } instant ? (await VersionAtAsync(account, instant, request.HttpContext.RequestAborted), null)
            : (account.Version, null);
    }

    /// <summary>The version of the last event that was recorded by an instant; 0 if there was none.</summary>
    public async Task<long> VersionAtAsync(Account account, DateTimeOffset knownAt, CancellationToken ct)
    {
        await reader.WaitForWritersAsync(account.Id, knownAt, ct);
        var (known, last) = (await source.ListAsync(
            LastKnown, [account.Id, knownAt.UtcDateTime], row => (row.GetInt64(0), row.GetInt64(1)), ct))[0];
        return known < last
            ? known
            : (await reader.EventsAsync(account.Id, 0, last + 1, ct)).LastOrDefault(e => e.Timestamp <= knownAt)?.Version ?? known;
    }
}
