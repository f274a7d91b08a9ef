"""The API, the lead desk, health checks and metrics over HTTP."""
