-- Creates the two roles of a bank and their rights on its database. Run it as a superuser, connected to the bank's database.
-- It can run again at any time.
--   psql -d banking -v ON_ERROR_STOP=1 -c "set banking.owner_password = '…'" -c "set banking.host_password = '…'" -f roles.sql
-- An empty password leaves the role's password unchanged. The owner becomes the owner of all objects that the running role created.
-- The search path excludes schemas and temporary tables of the host's role.
set search_path = pg_catalog, pg_temp;

do $roles$
declare
    owner_role constant text := 'banking_owner';
    host_role constant text := 'banking_host';
    passwords constant jsonb := jsonb_build_object(
        owner_role, nullif(current_setting('banking.owner_password', true), ''),
        host_role, nullif(current_setting('banking.host_password', true), ''));
    self constant oid := (select oid from pg_roles where rolname = current_user);
    role text;
    statement text;
begin
    foreach role in array array[owner_role, host_role] loop
        if to_regrole(role) is null then
            execute format('create role %I login nosuperuser nocreatedb nocreaterole noreplication nobypassrls', role);
        elsif (select rolsuper from pg_roles where rolname = role) then
            raise exception 'The role % is a superuser. A role of the bank must not be one.', role;
        end if;
        if passwords ->> role is not null then
            execute format('alter role %I password %L', role, passwords ->> role);
        end if;
    end loop;

    -- The owner transfers tables of read models to the host's role, so the owner must be a member of that role. The host's role must never
    -- be a member of the owner.
    if not pg_has_role(owner_role, host_role, 'MEMBER') then
        execute format('grant %I to %I', host_role, owner_role);
    end if;
    -- The host needs this right to name the session whose open transaction delays read models and publication.
    if not pg_has_role(host_role, 'pg_read_all_stats', 'MEMBER') then
        execute format('grant pg_read_all_stats to %I', host_role);
    end if;

    execute format('alter database %I owner to %I', current_database(), owner_role);
    -- The host creates scratch schemas for replays, and temporary tables for comparisons.
    execute format('grant connect, create, temporary on database %I to %I', current_database(), host_role);

    for statement in
        select format('alter schema %I owner to %I', nspname, owner_role) from pg_namespace
        where nspowner = self and nspname !~ '^pg_' and nspname not in ('information_schema', 'public')
        union all
        select format('alter %s %I.%I owner to %I',
            case c.relkind when 'S' then 'sequence' when 'v' then 'view' when 'm' then 'materialized view' else 'table' end,
            n.nspname, c.relname, owner_role)
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relowner = self and c.relkind in ('r', 'p', 'v', 'm', 'S') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
            and not exists (
                select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
                    and (d.deptype = 'e' or (c.relkind = 'S' and d.deptype in ('a', 'i'))))
        union all
        select format('alter routine %s owner to %I', p.oid::regprocedure, owner_role)
        from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where p.proowner = self and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and p.prokind in ('f', 'p')
            and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
    loop
        execute statement;
    end loop;
end
$roles$;
