using System.Text.Json;
using System.Text.Json.Nodes;
using Banking.Accounts.Contracts;
using Banking.EventStore.Appending;
using Banking.EventStore.Callers;
using Banking.EventStore.Published;
using Banking.EventStore.Sealing;
using Banking.SharedKernel;
using JasperFx.Events;
using Marten;

namespace Banking.Accounts.ReadModels;

/// <summary>Shows stored events with the metadata that the caller may see, and their data in the form of the API.</summary>
public sealed class EventViews(IDocumentStore store, PublicEventData data, SealedMembers texts)
{
    internal EventView Of(IEvent e, Caller caller)
    {
        string? Known(string? text) => caller.CanSeeOrigin(e) ? text : null;
        var (code, text) = (Known(e.Header(HeaderNames.ReasonCode)), Known(e.Header(HeaderNames.ReasonText)));
        return new(
            PublicId.Format("evt", e.Id),
            e.EventTypeName,
            e.Version,
            e.Sequence,
            e.Timestamp,
            (e.Data as IAccountEvent)?.EffectiveAt,
            Known(e.Required("actor", e.UserName)),
            e.RequiredHeader(HeaderNames.Role),
            e.RequiredHeader(HeaderNames.Channel),
            Known(e.RequiredHeader(HeaderNames.Operation)),
            code is null && text is null ? null : new(code, text),
            Known(e.Header(HeaderNames.Proposal)) is { } proposal
                ? new(proposal, e.Header(HeaderNames.ProposedBy), e.Header(HeaderNames.ApprovedBy))
                : null,
            Known(e.Required("correlation", e.CorrelationId)),
            Known(e.CausationId),
            Known(e.RequiredHeader(HeaderNames.IdempotencyKey)),
            e.IsArchived ? true : null,
            JsonSerializer.SerializeToElement(
                data.Of(e.EventTypeName, texts.Open(JsonNode.Parse(store.Options.Serializer().ToJson(e.Data))))));
    }
}
