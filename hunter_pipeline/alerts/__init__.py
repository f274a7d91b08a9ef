"""Alerts about trouble with the pipeline: conditions, the state of each target, and delivery by Apprise."""
