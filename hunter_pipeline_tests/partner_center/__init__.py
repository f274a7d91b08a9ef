"""Tests of the HTTP layer: over real HTTPS, against the sandbox and against a server that misbehaves byte by byte."""
