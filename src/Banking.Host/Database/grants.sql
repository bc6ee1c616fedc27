-- Grants the host's role its rights, and creates triggers that protect the log even if a grant is wrong.
-- The owner runs this script after each migration.
-- Settings: banking.host_role; banking.append_only, banking.streams and banking.read_only (tables), banking.read_models (views).
-- Tables and views are written as schema.name, separated by commas.
-- The script locks only objects that lack something, so that it does not block running hosts.
-- The search path excludes schemas and temporary tables of the host's role.
set search_path = pg_catalog, pg_temp;

create or replace function bank.refuse_change() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $function$
begin
    if pg_has_role(current_user, (select relowner from pg_class where oid = tg_relid), 'MEMBER') then
        return null;
    end if;
    raise exception '% on %.% is refused: the log is append-only', tg_op, tg_table_schema, tg_table_name
        using errcode = 'insufficient_privilege';
end
$function$;

do $grants$
declare
    host_role constant text := current_setting('banking.host_role');
    self constant oid := (select oid from pg_roles where rolname = current_user);
    host_id constant oid := quote_ident(host_role)::regrole;
    append_only constant regclass[] := string_to_array(current_setting('banking.append_only'), ',')::regclass[];
    streams constant regclass := current_setting('banking.streams')::regclass;
    read_only constant regclass[] := string_to_array(current_setting('banking.read_only'), ',')::regclass[];
    read_models constant text[] := string_to_array(current_setting('banking.read_models'), ',');
    log constant oid[] := array(
        select p.relid from unnest(append_only || streams) t, pg_partition_tree(t) p where p.relid is not null
        union select unnest(append_only || streams));
    stream_log constant oid[] := array(select relid from pg_partition_tree(streams) where relid is not null union select streams);
    schemas constant oid[] := array(
        select oid from pg_namespace
        where nspowner = self and nspname !~ '^(pg_|scratch_)' and nspname not in ('information_schema', 'public'));
    fixed_columns text;
    fixed_numbers int2[];
    item record;
begin
    for item in select nspname from pg_namespace where oid = any(schemas) loop
        execute format('grant usage on schema %I to %I', item.nspname, host_role);
        execute format('grant usage, select on all sequences in schema %I to %I', item.nspname, host_role);
    end loop;
    for item in select distinct split_part(m, '.', 1) as nspname from unnest(read_models) m loop
        execute format('grant create on schema %I to %I', item.nspname, host_role);
    end loop;

    -- The host's role owns the tables and views of read models and the scratch schemas, because it creates and drops them.
    for item in
        select 1 as step, format('alter schema %I owner to %I', nspname, host_role) as statement
        from pg_namespace where nspname ~ '^scratch_' and nspowner <> host_id
        union all
        select 2, format('alter table %I.%I owner to %I', n.nspname, c.relname, host_role)
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'v') and c.relowner <> host_id
            and (n.nspname ~ '^scratch_'
                or exists (select from unnest(read_models) m where n.nspname || '.' || regexp_replace(c.relname, '_g[0-9]+$', '') = m))
        order by step
    loop
        execute item.statement;
    end loop;

    for item in
        select c.oid::regclass as name, c.oid = any(log) as is_log, c.oid = any(read_only) as is_read_only
        from pg_class c where c.relkind in ('r', 'p') and c.relnamespace = any(schemas) and c.relowner = self and self <> host_id
    loop
        if item.is_log or item.is_read_only then
            execute format('revoke all on %s from %I', item.name, host_role);
            execute format('grant select on %s to %I', item.name, host_role);
        else
            execute format('grant select, insert, update, delete on %s to %I', item.name, host_role);
        end if;
    end loop;
    if self <> host_id then
        for item in select t as name from unnest(append_only || streams) t loop
            execute format('grant insert on %s to %I', item.name, host_role);
        end loop;
        execute format('grant update (version, timestamp) on %s to %I', streams, host_role);
    end if;

    -- A function with the rights of the owner is for the host's role only. PostgreSQL lets everyone call a new function.
    for item in select p.oid::regprocedure as name from pg_proc p where p.prosecdef and p.pronamespace = any(schemas) and p.proowner = self
        and (not has_function_privilege(host_id, p.oid, 'execute')
            or exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0))
    loop
        execute format('revoke execute on function %s from public', item.name);
        execute format('grant execute on function %s to %I', item.name, host_role);
    end loop;

    -- Partitions do not inherit statement triggers, so each partition gets its own. No statement of a command fires them.
    -- A trigger that was disabled, for instance by a restore that was broken off, is made again.
    for item in select t.oid::regclass as name from unnest(log) t(oid) where not t.oid = any(stream_log)
        and not exists (select from pg_trigger where tgrelid = t.oid and tgname = 'refuse_change' and tgenabled in ('O', 'A'))
    loop
        execute format(
            'create or replace trigger refuse_change before update or delete or truncate on %s '
            'for each statement execute function bank.refuse_change()', item.name);
    end loop;
    for item in select unnest(stream_log)::regclass as name loop
        select string_agg(quote_ident(attname), ', ' order by attnum), array_agg(attnum order by attnum) into fixed_columns, fixed_numbers
        from pg_attribute where attrelid = item.name and attnum > 0 and not attisdropped and attname not in ('version', 'timestamp');
        if not exists (
            select from pg_trigger where tgrelid = item.name and tgname = 'refuse_change' and tgenabled in ('O', 'A')
                -- As text: the array in pg_trigger begins at 0, so it never equals one that begins at 1.
                and string_to_array(tgattr::text, ' ')::int2[] = fixed_numbers)
        then
            execute format(
                'create or replace trigger refuse_change before update of %s or delete or truncate on %s '
                'for each statement execute function bank.refuse_change()',
                fixed_columns, item.name);
        end if;
    end loop;
end
$grants$;
