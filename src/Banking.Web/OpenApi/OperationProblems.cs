using Banking.Web.Http;

namespace Banking.Web.OpenApi;

/// <summary>
/// The problems that an operation can answer. Most follow from metadata, because middleware answers them by the same metadata.
/// </summary>
internal static class OperationProblems
{
    public static IEnumerable<string> Codes(EndpointFacts facts) =>
        Always
            .Concat(facts.NeedsToken ? OfToken : [])
            .Concat(facts.Query.Count > 0 ? OfQuery(facts) : [])
            .Concat(facts.HasPosition ? OfPosition : facts.IsRead && facts.NeedsToken ? ["min_position_not_supported"] : [])
            .Concat(facts.ChecksPosition ? OfCheckedPosition : [])
            .Concat(facts.NeedsToken ? ["archive_deleted"] : [])
            .Concat(facts.IsRead ? [] : ["precondition_not_supported"])
            .Concat(facts.HasBody ? OfBody : [])
            .Concat(facts.HasKey ? OfKey : [])
            .Concat(facts.HasCorrelation ? ["malformed_correlation_id"] : [])
            .Concat(facts.Command is not null || facts.IsBatch ? OfCommand : [])
            .Concat(facts.Command?.IsKeyRequired == true ? ["idempotency_key_missing"] : [])
            .Concat(facts.IsBatch ? ["duplicate_idempotency_key", "batch_size", "batch_not_done"] : [])
            .Concat(
                facts.IsBatch ? ["if_match_of_a_batch"]
                : facts.Has<HonoursIfMatchAttribute>() ? ["malformed_if_match", "version_mismatch"]
                : ["if_match_not_applicable"])
            .Concat(facts.Has<ReadsFromAttribute>() ? ["read_model_building"] : [])
            .Concat(facts.ServesEventStream ? ["too_many_streams"] : [])
            .Concat(facts.Metadata.OfType<IProblemCodes>().SelectMany(p => p.Codes))
            .Distinct();

    private static readonly string[] Always =
        ["unknown_parameter", "bad_request", "not_acceptable", "internal_error", "temporarily_unavailable", "event_unreadable",
        "archive_unavailable"];

    private static readonly string[] OfToken =
    [
        "unauthenticated", "identity_unavailable", "forbidden", "no_role", "no_actor", "several_roles", "too_many_requests",
    ];

    /// <summary>The codes of an operation with a token and a body and without rules of its own.</summary>
    public static IEnumerable<string> OfMost => Always.Concat(OfToken).Concat(OfBody);

    private static readonly string[] OfCheckedPosition =
        ["malformed_position", "malformed_epoch", "position_beyond_end", "epoch_changed"];

    private static readonly string[] OfPosition = [.. OfCheckedPosition, "malformed_prefer"];

    private static readonly string[] OfBody =
    [
        "malformed_json", "malformed_content_encoding", "body_too_large", "unsupported_media_type", "unsupported_charset",
        "unsupported_content_encoding",
    ];

    private static readonly string[] OfKey = ["malformed_idempotency_key", "idempotency_key_reused", "request_in_progress"];

    private static readonly string[] OfCommand = ["outcome_unknown", "clock_skew", "event_version_not_written"];

    private static IEnumerable<string> OfQuery(EndpointFacts facts)
    {
        var (types, hasZone) = (facts.Query.Select(q => q.Type).ToHashSet(), facts.Query.Any(q => q.Name == "tz"));
        return ((string[])["repeated_parameter"])
            .Concat(types.Contains(typeof(DateTimeOffset)) ? ["malformed_time"] : [])
            .Concat(types.Contains(typeof(DateTimeOffset)) && hasZone ? ["local_time_skipped", "local_time_doubled"] : [])
            .Concat(types.Contains(typeof(DateOnly)) ? ["malformed_date"] : [])
            .Concat(hasZone ? ["time_zone_not_applicable"] : []);
    }
}
