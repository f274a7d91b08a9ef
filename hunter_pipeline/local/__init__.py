"""What `hunter up` and `hunter demo` start on one machine."""
