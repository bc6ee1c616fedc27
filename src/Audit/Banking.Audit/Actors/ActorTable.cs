namespace Banking.Audit.Actors;

/// <summary>
/// The table of actors. It has a schema of its own, so that long-lived backups can leave it out: a restored row would undo an erasure.
/// </summary>
internal static class ActorTable
{
    public const string Name = AuditModule.Schema + "_actors.actor";

    public const string Create =
        $"""
        create schema if not exists {AuditModule.Schema}_actors;
        create table if not exists {Name} (
            actor text primary key, name text, name_wrapped_by text,
            first_seen timestamptz not null, last_seen timestamptz not null);
        """;
}
