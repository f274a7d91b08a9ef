"""Run a sync and its steps, send answers, and erase a person."""
