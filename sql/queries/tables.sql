-- Columns, row counts and statistics of the pipeline's tables.

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

-- name: stored_count$
select row_count from table_counts
where table_name = :table;

-- name: store_count!
insert into table_counts (table_name, row_count) values (:table, :row_count)
on conflict (table_name) do update set
    row_count = excluded.row_count,
    counted_at = now();

-- name: change_count!
update table_counts set
    row_count = row_count + :delta,
    counted_at = now()
where table_name = :table;

-- name: forget_count!
delete from table_counts
where table_name = :table;
