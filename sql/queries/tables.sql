-- What PostgreSQL knows of its own tables.

-- name: table_columns
select
    attname as name,
    format_type(atttypid, atttypmod) as type,
    col_description(attrelid, attnum) as comment
from pg_attribute
where attrelid = to_regclass(:table) and attnum > 0 and not attisdropped
order by attnum;

-- name: server_version$
select split_part(current_setting('server_version'), ' ', 1);
