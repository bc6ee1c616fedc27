using Banking.Testing;

namespace Banking.Publishing.Tests;

/// <summary>Events that cannot be read from the moment in which they are stored, until they are repaired.</summary>
internal static class Spoiled
{
    /// <summary>Prepares a bank; idempotent. A trigger keeps the data of spoiled events in a table.</summary>
    public static async Task PrepareAsync(BankFixture bank)
    {
        await bank.ExecuteAsync("create table if not exists spoiled (stream uuid primary key, position bigint, data jsonb)");
        await bank.ExecuteAsync(
            """
            create or replace function spoil() returns trigger language plpgsql security definer as $$
            begin
                update public.spoiled set position = new.seq_id, data = new.data where stream = new.stream_id and position is null;
                if found then new.data := '{}'; end if;
                return new;
            end $$
            """);
        await bank.ExecuteAsync(
            "create or replace trigger spoil before insert on bank.mt_events_default for each row execute function spoil()");
    }

    /// <summary>Spoils the next event of a stream.</summary>
    public static Task NextAsync(BankFixture bank, Guid stream) =>
        bank.ExecuteAsync("insert into spoiled (stream) values ($1)", stream);

    /// <summary>Repairs the spoiled event of a stream.</summary>
    public static Task RepairAsync(BankFixture bank, Guid stream) => bank.ExecuteAsync(
        "update bank.mt_events e set data = s.data from spoiled s where s.stream = $1 and e.seq_id = s.position", stream);
}
