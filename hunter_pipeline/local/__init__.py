"""What `hunter up` and `hunter demo` run on one machine: Dagster, the lead desk and the embedded database."""
