using Banking.Commands.Decisions;
using Banking.EventStore.Streams;
using Banking.ReadModels.Comparing;
using JasperFx.Events;
using Npgsql;

namespace Banking.Publishing.Webhooks;

/// <summary>Checks that the end of each grace period of a rotated secret is in the due table.</summary>
internal sealed class GraceComparison : DueComparison
{
    protected override Task<IReadOnlyList<(Guid Stream, DueCommand Due)>> WaitsAsync(
        NpgsqlConnection snapshot, IReadOnlyDictionary<Guid, IReadOnlyList<IEvent>> events, CancellationToken ct) =>
        Task.FromResult<IReadOnlyList<(Guid Stream, DueCommand Due)>>(
            [.. events.Where(s => s.Value is [{ Data: WebhookRegistered }, ..]).SelectMany(s => Wait(s.Key, s.Value))]);

    private static IEnumerable<(Guid Stream, DueCommand Due)> Wait(Guid id, IReadOnlyList<IEvent> events)
    {
        // A rotation without a grace period ends that of the one before.
        if (StreamFold.Of<Webhook>(id, events) is { RemovedAt: null, OldSecret: { } old }
            && events.Last(e => e.Data is WebhookSecretRotated) is { Data: WebhookSecretRotated rotated } rotation
            && rotated.OldUntil > rotated.EffectiveAt)
        {
            yield return (id, EndWebhookGrace.Of(rotation.Id, id, old, rotated.OldUntil));
        }
    }
}
