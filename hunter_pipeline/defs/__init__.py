"""Dagster's shell around the steps: no SQL, no HTTP, no `if` about data."""
