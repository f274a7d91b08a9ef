"""Provide settings, environment variables, logging, and the project's files that are not Python."""
