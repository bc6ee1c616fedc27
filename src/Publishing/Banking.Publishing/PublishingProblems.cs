using Banking.Commands.Decisions;
using Banking.Web.Http;

namespace Banking.Publishing;

/// <summary>The problems that only this module answers.</summary>
internal static class PublishingProblems
{
    public static IReadOnlyList<ProblemType> All { get; } = [.. OfDestinations, .. OfWebhooks, .. OfDeliveries];

    private static IEnumerable<ProblemType> OfDestinations =>
    [
        new(
            "destination_not_found", RefusalKind.NotFound, "There is no such destination.",
            "Use a name of GET /ops/outbox.", "destination"),
        new(
            "already_held", RefusalKind.Conflict, "The destination or the type of event is already paused.",
            "Nothing needs to be done.", "destination"),
        new(
            "not_held", RefusalKind.Conflict, "The destination or the type of event is not paused, or no webhook is paused for the reason.",
            "Nothing needs to be done.", "destination"),
        new("limit_of_a_stream", RefusalKind.Malformed, "limit is given for a stream, which has no pages.", "Leave out limit."),
    ];

    private static IEnumerable<ProblemType> OfWebhooks =>
    [
        new("webhook_not_found", RefusalKind.NotFound, "There is no such webhook.", "Correct the id."),
        new("webhook_removed", RefusalKind.Conflict, "The webhook was removed.", "Register a new one.", "removedAt"),
        new(
            "too_many_webhooks", RefusalKind.Conflict, "The caller or the bank has as many webhooks as are allowed.",
            "Remove one that is not needed.", "scope", "limit"),
        new("malformed_url", RefusalKind.Invalid, "url is not an absolute address of printable ASCII characters.", "Correct the address."),
        new(
            "webhook_address_not_allowed", RefusalKind.Invalid, "The bank does not deliver to this address.",
            "Use https and a public address."),
        new("malformed_from", RefusalKind.Invalid, "from is not now, beginning or a position of the log.", "Correct from."),
        new("malformed_grace", RefusalKind.Invalid, "graceHours is not 0 to 720.", "Correct graceHours."),
        new(
            "empty_list", RefusalKind.Invalid, "A filter is an empty list, so that nothing would be delivered.",
            "Give at least one entry, or leave the filter out."),
        new(
            "unknown_name", RefusalKind.Invalid, "A filter names a type or an account that cannot exist.",
            "Correct the entry that errors points to."),
        new(
            "rotation_under_way", RefusalKind.Conflict, "The former secret still signs.",
            "Wait until then, or rotate with graceHours 0.", "until"),
        new(
            "grace_not_over", RefusalKind.Conflict, "The grace period of a secret has not ended.",
            "Nothing needs to be done: the bank repeats the command."),
        new("grace_over", RefusalKind.Conflict, "A later rotation has replaced the secret.", "Nothing needs to be done."),
    ];

    private static IEnumerable<ProblemType> OfDeliveries =>
    [
        new("event_not_found", RefusalKind.NotFound, "There is no such event; for a webhook, no such published event.", "Correct the id."),
        new(
            "event_not_wanted", RefusalKind.RuleBroken, "The filters of the endpoint exclude the event.",
            "Change the filters first.", "eventType", "account"),
        new(
            "not_delivered_yet", RefusalKind.Conflict, "The event was not delivered to the endpoint yet.",
            "Wait: it is delivered in order.", "position"),
    ];
}
