using System.Text.Json;
using Banking.EventStore.Epochs;
using Banking.EventStore.Json;
using Banking.ReadModels.Books;
using Banking.ReadModels.Comparing;
using JasperFx.Events;
using Npgsql;

namespace Banking.Publishing.Epochs;

/// <summary>
/// Compares the epochs of the log with the events that announced them. A consumer that asks from an epoch which was lost or changed would
/// be told something wrong about what it has.
/// </summary>
internal sealed class EpochComparison : StoredComparison
{
    private const string Table = "log_epoch";

    public override string Name => StreamComparison.LogName;

    public override async Task<IReadOnlyList<Difference>> OfStreamsAsync(
        NpgsqlConnection snapshot, StreamSelection streams, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> events, CancellationToken ct)
    {
        var announced = events.SelectMany(s => s.Value).Where(e => e.Data is LogRestored).ToList();
        if (announced.Count == 0)
        {
            return [];
        }

        var stored = (await EpochTable.ReadAsync(snapshot, ct)).Epochs.ToDictionary(e => e.Name, StringComparer.Ordinal);
        return
        [
            .. from e in announced
               let restored = (LogRestored)e.Data
               let found = stored.GetValueOrDefault(restored.Epoch)
               where (found?.FirstPosition, found?.Cause) != (restored.FirstPosition, restored.Cause)
               select new Difference(
                   Name, Table, e.StreamId, Text(restored.Epoch, restored.FirstPosition, restored.Cause),
                   found is null ? null : Text(found.Name, found.FirstPosition, found.Cause)),
        ];
    }

    public override async Task<IReadOnlyList<Difference>> OfBankAsync(NpgsqlConnection snapshot, CancellationToken ct)
    {
        var epochs = (await EpochTable.ReadAsync(snapshot, ct)).Epochs;
        return epochs is [{ FirstPosition: 1 }, ..] && epochs.Index().All(e => e.Item.Number == e.Index + 1)
            ? []
            :
            [
                new(
                    Name, Table, null, JsonSerializer.Serialize("epochs from number 1 on, the first from position 1 on", ApiJson.Options),
                    JsonSerializer.Serialize(epochs.Select(e => new { e.Number, e.FirstPosition }), ApiJson.Options))
                {
                    Key = Table,
                },
            ];
    }

    private static string Text(string epoch, long firstPosition, string cause) =>
        JsonSerializer.Serialize(new { epoch, firstPosition, cause }, ApiJson.Options);
}
