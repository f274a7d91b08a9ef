-- Who may do what. Run by an administrator in the pipeline's database, before its first upgrade or at any time after:
--     psql --dbname=... --file=sql/roles.sql
-- Once more is harmless. Passwords are set by the administrator: \password hunter_pipeline
--
--     hunter_owner     owns tables and views; for `hunter db upgrade`
--     hunter_pipeline  reads and writes rows; for everything else that `hunter` does
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

    -- what an upgrade made before there were roles
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

    -- lets the pipeline have large loads counted at once; before PostgreSQL 17 its own daemon does so a minute later
    if current_setting('server_version_num')::integer >= 170000 then
        execute 'grant maintain on all tables in schema public to hunter_pipeline';
        execute 'alter default privileges for role hunter_owner in schema public '
            'grant maintain on tables to hunter_pipeline';
    end if;
end $$;

revoke all on schema public from public;
grant usage on schema public to hunter_pipeline, hunter_reader;
grant usage, create on schema public to hunter_owner;

-- what is there, and what later upgrades make
grant select, insert, update, delete on all tables in schema public to hunter_pipeline;
alter default privileges for role hunter_owner in schema public
grant select, insert, update, delete on tables to hunter_pipeline;
