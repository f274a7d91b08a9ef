"""PostgreSQL, and nothing but SQL: connections, the schema, and one module a concern of the sync."""
