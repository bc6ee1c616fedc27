using Banking.EventStore.Keys;
using Banking.EventStore.Sealing;
using Banking.EventStore.Storage;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using JasperFx.Events;
using Npgsql;

namespace Banking.Accounts.ReadModels;

/// <summary>
/// Checks that the sealed counterparties of events can be opened. Balances do not depend on it. Data that is in the archive is not checked.
/// </summary>
internal sealed class CounterpartyComparison(SealedTexts texts) : StoredComparison
{
    private const string Member = "counterparty";
    private const string Details = "data -> 'details'";

    public override string Name => StreamComparison.LogName;

    public override async Task<IReadOnlyList<Difference>> OfStreamsAsync(
        NpgsqlConnection snapshot, StreamSelection streams, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> events, CancellationToken ct)
    {
        Difference? unavailable = null;
        var found = await streams.ListAsync(
            snapshot,
            $"""
            select stream_id, version, {Details} ->> '{Member}' from {SchemaNames.Events}.mt_events
            where {streams.OnEvents("stream_id", "version")} and not is_archived and jsonb_typeof({Details} -> '{Member}') = 'string'
            order by 1, 2
            """,
            [],
            Compare,
            ct);
        return [.. found.OfType<Difference>().Take(MaxDifferences)];

        Difference? Compare(NpgsqlDataReader row)
        {
            if (unavailable is not null)
            {
                return null;
            }

            try
            {
                texts.Open(Member, row.GetString(2));
                return null;
            }
            catch (DamagedTextException)
            {
                return new(
                    Name, StreamComparison.Event, row.GetGuid(0), """{"rule":"the text key opens its counterparty"}""",
                    $$"""{"version":{{row.GetInt64(1)}}}""");
            }
            catch (KeyUnavailableException)
            {
                // One difference for the key, and not one for each event.
                return unavailable = new(Name, "text_key", null, "\"a text key that can be used\"", null) { Key = "text_key" };
            }
        }
    }
}
