"""Define Dagster's assets, checks, resources, schedules and sensors around the steps of `pipeline`."""
