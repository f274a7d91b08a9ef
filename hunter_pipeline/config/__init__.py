"""Settings, environment and logging: what an administrator configures."""
