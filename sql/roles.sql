-- Create the database roles. An administrator runs it in the pipeline's database, before or after its first upgrade:
--     psql --dbname=... --file=sql/roles.sql
-- It can be run again. The administrator sets the passwords: \password hunter_pipeline
--
--     hunter_owner     owns tables and views; for `hunter db upgrade`
--     hunter_pipeline  reads and writes rows; for all other commands of `hunter`
--     hunter_reader    selects from leads_ready, and from nothing else
do $$
declare
    role text;
    item record;
begin
    foreach role in array array['hunter_owner', 'hunter_pipeline', 'hunter_reader'] loop
        if not exists (select from pg_roles where rolname = role) then
            execute format('create role %I login', role);
        end if;
    end loop;

    execute format('revoke all on database %I from public', current_database());
    execute format(
        'grant connect on database %I to hunter_owner, hunter_pipeline, hunter_reader', current_database()
    );

    -- objects that an upgrade created before the roles existed
    for item in
        select relname, relkind from pg_class
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'v')
        order by relkind
    loop
        execute format(
            'alter %s public.%I owner to hunter_owner',
            case item.relkind when 'v' then 'view' else 'table' end, item.relname
        );
    end loop;
    if to_regclass('public.leads_ready') is not null then
        grant select on public.leads_ready to hunter_reader;
    end if;

    -- lets the pipeline analyze tables after a large load; before PostgreSQL 17 autovacuum does so a minute later
    if current_setting('server_version_num')::integer >= 170000 then
        execute 'grant maintain on all tables in schema public to hunter_pipeline';
        execute 'alter default privileges for role hunter_owner in schema public '
            'grant maintain on tables to hunter_pipeline';
    end if;
end $$;

revoke all on schema public from public;
grant usage on schema public to hunter_pipeline, hunter_reader;
grant usage, create on schema public to hunter_owner;

-- existing objects, and those that later upgrades create
grant select, insert, update, delete on all tables in schema public to hunter_pipeline;
alter default privileges for role hunter_owner in schema public
grant select, insert, update, delete on tables to hunter_pipeline;
