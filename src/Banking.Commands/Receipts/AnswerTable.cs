using Banking.EventStore.Storage;

namespace Banking.Commands.Receipts;

/// <summary>
/// The bodies of stored answers, apart from their receipts, in a partition for each month (UTC). A receipt stays for ever; its answer is
/// dropped with its month (ADR 0080). Answers that earlier versions stored are in the rows of their receipts, and stay there.
/// </summary>
internal static class AnswerTable
{
    public const string Name = SchemaNames.Platform + ".receipt_answer";

    /// <summary>The months whose answers were dropped. A receipt without an answer is legal only in one of them.</summary>
    public const string DroppedTable = SchemaNames.Platform + ".receipt_answer_dropped";

    /// <summary>Answers of months that have no partition, because no host was running to create it.</summary>
    private const string Rest = Name + "_rest";

    private const string Function = SchemaNames.Platform + ".keep_receipt_answers";

    /// <summary>Answers younger than this are never dropped, whatever a caller of the function asks for.</summary>
    public const int MinDays = 31;

    /// <summary>The day since which releases read answers from this table.</summary>
    public static readonly DateOnly Since = new(2026, 11, 30);

    /// <summary>Creates partitions that will be needed, drops expired ones, and returns the months that it dropped.</summary>
    public const string Keep = $"select month from {Function}($1) as month";

    /// <summary>
    /// The function has the rights of its owner, because the host's role may not drop tables of the owner. It trusts only the server's
    /// clock. Dropping needs a lock that no reader or writer holds: it gives up after 200 ms and is called again an hour later.
    /// </summary>
    public static readonly string Sql =
        $$"""
        do $$ begin
            if exists (select from pg_attribute where attrelid = '{{ReceiptTable.Name}}'::regclass and attname = 'body' and attnotnull) then
                alter table {{ReceiptTable.Name}} alter column body drop not null;
            end if;
        end $$;
        create table if not exists {{Name}} (
            id uuid not null, recorded_at timestamptz not null, body text not null, primary key (recorded_at, id))
            partition by range (recorded_at);
        create table if not exists {{Rest}} partition of {{Name}} default;
        create table if not exists {{DroppedTable}} (month date primary key, dropped_at timestamptz not null);
        create or replace function {{Function}}(keep_days int) returns setof date language plpgsql security definer
            set search_path = pg_catalog, pg_temp set timezone = 'UTC' set lock_timeout = '200ms' as $function$
        declare
            this_month constant date := date_trunc('month', now());
            part text;
            item record;
        begin
            if not pg_try_advisory_xact_lock(hashtext('{{Function}}')) then
                return;
            end if;
            for item in
                select m::date as month from generate_series(this_month, this_month + interval '2 months', interval '1 month') m
                union select distinct date_trunc('month', recorded_at)::date from {{Rest}} order by month
            loop
                part := '{{Name}}_' || to_char(item.month, 'YYYY_MM');
                continue when to_regclass(part) is not null;
                begin
                    execute format('create table %s (like {{Name}} including all)', part);
                    if to_regproc('bank.refuse_change') is not null then
                        execute format('create trigger refuse_change before update or delete or truncate on %s '
                            'for each statement execute function bank.refuse_change()', part);
                    end if;
                    execute format('with moved as (delete from {{Rest}} where recorded_at >= %L and recorded_at < %L returning *) '
                        'insert into %s select * from moved', item.month, item.month + interval '1 month', part);
                    execute format('alter table {{Name}} attach partition %s for values from (%L) to (%L)',
                        part, item.month, item.month + interval '1 month');
                exception when lock_not_available then
                    null;
                end;
            end loop;
            for item in
                select c.oid::regclass as name, to_date(right(c.relname, 7), 'YYYY_MM') as month
                from pg_inherits i join pg_class c on c.oid = i.inhrelid
                where keep_days > 0 and i.inhparent = '{{Name}}'::regclass and c.oid <> '{{Rest}}'::regclass order by month
            loop
                exit when item.month + interval '1 month' > now() - make_interval(days => greatest(keep_days, {{MinDays}}));
                begin
                    execute format('drop table %s', item.name);
                    insert into {{DroppedTable}} values (item.month, clock_timestamp()) on conflict do nothing;
                    return next item.month;
                exception when lock_not_available then
                    exit;
                end;
            end loop;
        end
        $function$
        """;
}
