"""The API and the lead desk: HTTP over what stands in the database, and Dagster through its GraphQL."""
