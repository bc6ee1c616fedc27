using Banking.Commands.Decisions;
using Banking.Web.Http;

namespace Banking.Web.OpenApi;

/// <summary>Problems that follow from the request, the caller or the host, whatever the endpoint.</summary>
internal static class CommonProblems
{
    public static IReadOnlyList<ProblemType> All { get; } = [.. OfRequests, .. OfCallers, .. OfCommands, .. OfTheBank];

    private static IEnumerable<ProblemType> OfRequests =>
    [
        new("bad_request", RefusalKind.Malformed, "The request is not well-formed HTTP.", "Correct the request."),
        new("no_such_route", RefusalKind.NotFound, "There is no resource at this address.", "Correct the address."),
        new(
            "method_not_allowed", RefusalKind.UnsupportedMethod, "The address does not support the method.",
            "Use one of the methods in allowed.", "allowed"),
        new(
            "not_acceptable", RefusalKind.NotAcceptable, "The endpoint serves none of the forms in Accept.",
            "Accept one of the forms in served.", "served"),
        new(
            "unknown_parameter", RefusalKind.Malformed, "The request has no such query parameter.",
            "Use one of the names in known.", "parameter", "known", "nearest"),
        new("repeated_parameter", RefusalKind.Malformed, "A query parameter is given more than once.", "Give it once.", "parameter"),
        new(
            "malformed_json", RefusalKind.Malformed, "The body is not JSON, or a member is missing, unknown or has the wrong type.",
            "Correct the member that errors points to."),
        new(
            "malformed_content_encoding", RefusalKind.Malformed, "The body does not match its Content-Encoding.",
            "Send the body in the encoding that the header names."),
        new("body_too_large", RefusalKind.TooLarge, "The body is larger than limit.", "Send a smaller body.", "limit"),
        new("unsupported_media_type", RefusalKind.UnsupportedContent, "The body is not JSON.", "Send application/json."),
        new("unsupported_charset", RefusalKind.UnsupportedContent, "The body is not UTF-8.", "Send UTF-8."),
        new(
            "unsupported_content_encoding", RefusalKind.UnsupportedContent, "The Content-Encoding is not supported.",
            "Use one of the encodings in supported, or none.", "supported"),
        new(
            "precondition_not_supported", RefusalKind.Malformed, "Commands do not support this precondition.",
            "Leave it out, or use If-Match."),
        new(
            "if_match_not_applicable", RefusalKind.Malformed, "The request does not depend on the version of a resource.",
            "Leave out If-Match."),
        new(
            "if_match_of_a_batch", RefusalKind.Malformed, "If-Match applies to one account, and a batch has many.",
            "Send that command alone."),
        new(
            "malformed_if_match", RefusalKind.Malformed, "If-Match is not a strong ETag of this bank.",
            "Send the ETag of an answer, such as \"42\"."),
        new(
            "malformed_correlation_id", RefusalKind.Malformed, "X-Correlation-ID is not one line of up to 100 characters.",
            "Correct it, or leave it out."),
    ];

    private static IEnumerable<ProblemType> OfCallers =>
    [
        new(
            "unauthenticated", RefusalKind.Unauthenticated, "The token is missing, expired, or not of the bank's issuer.",
            "Send Authorization: Bearer with a valid token."),
        new(
            "identity_unavailable", RefusalKind.Unavailable,
            "The issuer of the token cannot be reached, so that the token cannot be checked.",
            "Repeat the request later."),
        new(
            "no_actor", RefusalKind.NotAllowed, "The token does not say who the caller is.",
            "Use a token with the claim that the bank reads the actor from."),
        new("no_role", RefusalKind.NotAllowed, "The token has no role of the bank.", "Have the issuer give the caller a role."),
        new("several_roles", RefusalKind.NotAllowed, "The token has several roles of the bank.", "Use a token with one role."),
        new("forbidden", RefusalKind.NotAllowed, "The role of the caller does not permit the request.", "Use a caller with another role."),
        new(
            "too_many_requests", RefusalKind.TooManyRequests, "The caller exceeds its rate limit.",
            "Repeat the request after Retry-After.", "retryAfterSeconds"),
    ];

    private static IEnumerable<ProblemType> OfCommands =>
    [
        new(
            "idempotency_key_missing", RefusalKind.Malformed, "A command that moves money needs an Idempotency-Key.",
            "Send a key of your choice, and the same key when you repeat the request."),
        new(
            "malformed_idempotency_key", RefusalKind.Malformed, "The key is not 1 to 255 printable ASCII characters.",
            "Send such a key, preferably in quotes."),
        new(
            "duplicate_idempotency_key", RefusalKind.Malformed, "Two items of the batch have the same key.",
            "Give each item a key of its own."),
        new(
            "idempotency_key_reused", RefusalKind.RuleBroken, "The key was used before with other content.",
            "Use a new key for a new command."),
        new(
            "request_in_progress", RefusalKind.InProgress, "A request with this key is still running.",
            "Repeat it with the same key after Retry-After."),
        new(
            "version_mismatch", RefusalKind.VersionMismatch, "The resource is not at the version of If-Match.",
            "Read the resource again, and repeat the command with its new version if it is still right.", "version"),
        new(
            "outcome_unknown", RefusalKind.InDoubt, "The connection broke before the commit was confirmed.",
            "Repeat the request as detail says to learn the outcome."),
        new(
            "clock_skew", RefusalKind.Unavailable, "The clocks of the host and the database differ too much.",
            "Repeat the request with the same key later."),
        new(
            "key_unavailable", RefusalKind.Unavailable, "The key ring that opens personal data cannot be used.",
            "Repeat the request with the same key when operators have restored the key ring."),
        new(
            "archive_unavailable", RefusalKind.Unavailable, "An archived event is needed, and its archive file cannot be read.",
            "Repeat the request with the same key when operators have restored the storage of the archive."),
        new(
            "overloaded", RefusalKind.Unavailable, "Too many commands are waiting.",
            "Repeat the request with the same key after Retry-After."),
        new(
            "event_version_not_written", RefusalKind.Unavailable,
            "A member of the command is of a later version of the bank, and the bank is being upgraded.",
            "Leave the member out, or repeat the request with the same key later."),
        new("batch_size", RefusalKind.Malformed, "A batch has 1 to 1,000 items.", "Split the batch."),
        new(
            "batch_not_done", RefusalKind.RuleBroken, "An atomic batch was not done.",
            "Correct the items that results names, and send the batch with new keys for them.", "mode", "accepted", "refused", "results"),
        new("batch_refused", RefusalKind.RuleBroken, "Another item of the atomic batch was not accepted.", "Correct the other item.",
            "failedIndex"),
    ];

    private static IEnumerable<ProblemType> OfTheBank =>
    [
        new(
            "internal_error", RefusalKind.Failed, "The bank has a fault.",
            "Give traceId to the operators.") { FurtherKinds = [RefusalKind.Unavailable] },
        new(
            "temporarily_unavailable", RefusalKind.Unavailable, "The database cannot be reached or is busy.",
            "Repeat the request with the same key after Retry-After."),
        new(
            "event_unreadable", RefusalKind.Unreadable, "An event that the answer needs cannot be read.",
            "Wait until operators have repaired the log or the bank.", "eventId", "position"),
        new(
            "archive_deleted", RefusalKind.Gone, "An event that the answer needs was deleted with its archive file, by a rule.",
            "Leave out what is that old; continue the feed after position.", "eventId", "position", "deletedAt"),
        new("unknown_contract", RefusalKind.NotFound, "There is no contract with this name.", "Use a name of GET /contracts."),
        new("unknown_role", RefusalKind.Invalid, "The bank has no such role.", "Use a role that detail names."),
        new(
            "customer_required", RefusalKind.Invalid, "A token of role customer needs a customer, and no other token may have one.",
            "Send customer with the role customer only."),
    ];
}
