using Banking.EventStore.Json;
using Banking.EventStore.Log;
using Banking.EventStore.Versions;
using Banking.Web.Http;
using Marten;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Wolverine.Http;

namespace Banking.Audit.ReadModels;

/// <summary>One stored version of an event.</summary>
/// <param name="Type">Its stored name.</param>
/// <param name="Known">false: this host cannot read it; a later version of the bank wrote it.</param>
/// <param name="Written">Whether this host writes it.</param>
/// <param name="ReadAs">The present name of an earlier version.</param>
/// <param name="ReplacedOn">The day from which on releases know the next version; absent for the present one.</param>
/// <param name="Upcaster">What converts an earlier version when it is read.</param>
/// <param name="Stored">How many events of it are stored.</param>
public sealed record EventTypeView(
    string Type, bool Known, bool Written, string? ReadAs, DateOnly? ReplacedOn, string? Upcaster, long Stored);

/// <summary>All versions of all events, by name.</summary>
public sealed record EventTypesView(IReadOnlyList<EventTypeView> Items);

public static class GetEventTypesEndpoint
{
    [WolverineGet("/ops/events/types", OperationId = "listEventTypes")]
    [Tags("Operations")]
    [EndpointSummary("List the stored versions of events, and how many are stored of each")]
    [EndpointDescription(
        "Lists every version of every event that this host knows or that is stored: whether this host writes it, what converts it when it "
        + "is read, and how many are stored as far as the audit index reaches.")]
    [Authorize(Policies.Watch)]
    [ReadsFrom(AuditModel.ModelName)]
    [ProducesResponseType<EventTypesView>(StatusCodes.Status200OK)]
    public static async Task<IResult> Get(IDocumentStore store, EventVersions versions, StoredTypeCounts counts, HttpContext http)
    {
        var stored = await counts.ReadAsync(http.RequestAborted);
        var known = StoredEventTypes.Of(store).ToDictionary(t => t.EventTypeName, t => t.DocumentType);
        var earlier = versions.Earlier.ToDictionary(v => v.Name);
        var present = known.Where(t => !earlier.ContainsKey(t.Key)).ToDictionary(t => t.Value, t => t.Key);
        var items = known.Keys.Union(stored.Keys).Order(StringComparer.Ordinal).Select(name =>
        {
            var version = earlier.GetValueOrDefault(name);
            return new EventTypeView(
                name,
                known.ContainsKey(name),
                known.TryGetValue(name, out var type) && versions.WrittenName(type, present[type]) == name,
                version is null ? null : present[version.Present],
                version?.ReplacedOn,
                version?.Upcaster,
                stored.GetValueOrDefault(name));
        });
        return TypedResults.Json(new EventTypesView([.. items]), ApiJson.Options);
    }
}
