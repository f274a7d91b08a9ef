"""Settings, environment variables, logging, and the files of the project that are not Python."""
