"""Alert about problems of the pipeline: conditions, the state of each target, and delivery by Apprise."""
