-- Returns the first right of grants.sql and roles.sql that the role of this session lacks, or no row.
-- $1 tables that must exist, $2 append-only tables, $3 the table of streams, $4 read-only tables, $5 views of read models; as schema.name.
with schemas as (
    select oid, nspname from pg_namespace
    where nspname in (select split_part(t, '.', 1) from unnest($1::text[] || $2::text[] || $4::text[] || $5::text[]) t)
), relations as (
    select c.oid, s.nspname || '.' || c.relname as name, c.relowner, c.relkind,
        exists (select from unnest($5::text[]) m where s.nspname || '.' || regexp_replace(c.relname, '_g[0-9]+$', '') = m) as is_model
    from pg_class c join schemas s on s.oid = c.relnamespace where c.relkind in ('r', 'p', 'v', 'S') and not c.relispartition
), tables as (
    select oid, name, name = any($2::text[]) as is_append_only, name = $3 as is_streams, name = any($4::text[]) as is_read_only
    from relations where relkind in ('r', 'p') and not is_model
), missing(step, what) as (
    select 1, 'use the schema ' || nspname from schemas where not has_schema_privilege(oid, 'usage')
    union all select 2, 'read and add to ' || wanted from unnest($1::text[]) wanted
        where not exists (select from tables where name = wanted)
    union all select 2, 'read and add to ' || name from tables
        where not is_read_only and not (has_table_privilege(oid, 'select') and has_table_privilege(oid, 'insert'))
    union all select 2, 'read ' || name from tables where is_read_only and not has_table_privilege(oid, 'select')
    union all select 3, 'change the version and the timestamp of ' || name from tables
        where is_streams and not (has_column_privilege(oid, 'version', 'update') and has_column_privilege(oid, 'timestamp', 'update'))
    union all select 4, 'change rows of ' || name from tables
        where not (is_append_only or is_streams or is_read_only) and not has_table_privilege(oid, 'update')
    union all select 5, 'remove rows of ' || name from tables
        where not (is_append_only or is_streams or is_read_only) and not has_table_privilege(oid, 'delete')
    union all select 6, 'use the sequence ' || name from relations
        where relkind = 'S' and not (has_sequence_privilege(oid, 'usage') and has_sequence_privilege(oid, 'select'))
    union all select 6, 'call ' || p.oid::regprocedure::text from pg_proc p join schemas s on s.oid = p.pronamespace
        where p.prosecdef and not has_function_privilege(p.oid, 'execute')
    union all select 7, 'create tables in the schema ' || nspname from schemas
        where nspname in (select split_part(m, '.', 1) from unnest($5::text[]) m) and not has_schema_privilege(oid, 'create')
    union all select 8, 'create and drop ' || name || ', which belongs to a read model' from relations
        where is_model and not pg_has_role(relowner, 'MEMBER')
    union all select 9, 'create schemas in this database' where not has_database_privilege(current_database(), 'create')
    union all select 9, 'create temporary tables in this database' where not has_database_privilege(current_database(), 'temporary')
    -- An owner of the log sees its own sessions without this right. DatabaseChecks warns of such a role or refuses it.
    union all select 9, 'see the sessions of others (pg_read_all_stats)' where not pg_has_role('pg_read_all_stats', 'MEMBER')
        and not exists (select from relations r where r.name = $3 and pg_has_role(r.relowner, 'MEMBER'))
)
select what from missing order by step, what limit 1
