"""Run Dagster, the lead desk and the embedded database on one machine, for `hunter up` and `hunter demo`."""
