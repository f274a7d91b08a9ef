"""Access PostgreSQL: connections, the schema, and one module per table or view."""
