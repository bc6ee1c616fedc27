using Banking.Commands.Decisions;
using Banking.Web.Http;

namespace Banking.Operations.Features;

/// <summary>The problems that only this module answers.</summary>
internal static class ReadModelProblems
{
    public static IReadOnlyList<ProblemType> All { get; } =
    [
        new("projection_not_found", RefusalKind.NotFound, "There is no such read model.", "Use a name of GET /ops/projections.", "name"),
        new(
            "not_for_documents", RefusalKind.Conflict, "The read model consists of documents, for which this action does not exist.",
            "Try it out, rebuild or resume it.", "name"),
        new(
            "backups_not_managed", RefusalKind.Conflict, "The bank makes no backups.",
            "Turn them on, or use the tools of the database."),
        new("backup_running", RefusalKind.Conflict, "A base backup is running.", "Wait until GET /ops/backups shows it."),
        new("malformed_repair", RefusalKind.Malformed, "repair is neither true nor false.", "Correct repair, or leave it out."),
        new(
            "malformed_schema", RefusalKind.Invalid, "The schema of a replay is not the name of a scratch schema.",
            "Send scratch_ followed by lower-case letters, digits and _, at most 60 characters in all."),
        new("malformed_account_id", RefusalKind.Invalid, "The text is not the id of an account.", "Use the id of the account, acc_…."),
        new("malformed_range", RefusalKind.Invalid, "The range does not begin before its end.", "Send a from that is before to."),
        new("not_paused", RefusalKind.Conflict, "The read model is not paused.", "Nothing needs to be done.", "name"),
        new(
            "rebuild_in_progress", RefusalKind.Conflict, "A rebuild of the read model is running, or waits for a decision.",
            "Wait for it, or cancel it.", "name"),
        new(
            "no_rebuild", RefusalKind.Conflict, "The read model has no rebuild in a state that allows the action.",
            "Look at the rebuild first.", "name") { FurtherKinds = [RefusalKind.NotFound] },
        new("no_candidate", RefusalKind.NotFound, "The read model has no candidate.", "Build one first.", "name"),
        new(
            "candidate_exists", RefusalKind.Conflict, "The read model has a candidate: it is being built, or waits for a decision.",
            "Switch to it, or drop it.", "name"),
        new(
            "candidate_building", RefusalKind.Conflict, "The candidate is being built or compared, or a rebuild is running.",
            "Repeat the request when that is done.", "name"),
        new(
            "other_version", RefusalKind.Conflict, "The candidate is of another version than this host, which cannot keep it current.",
            "Start a host of that version.", "name"),
        new(
            "repair_not_possible_now", RefusalKind.Conflict, "A rebuild or another repair is running, or a rebuild waits for a decision.",
            "Repeat the request when that is done.", "name"),
    ];
}
