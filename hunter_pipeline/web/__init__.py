"""What people and programs look at over HTTP: the API, the lead desk, health and metrics."""
