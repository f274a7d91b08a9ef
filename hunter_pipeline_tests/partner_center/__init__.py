"""Tests of the Partner Center client, over real HTTPS."""
