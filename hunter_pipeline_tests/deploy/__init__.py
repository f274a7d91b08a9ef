"""Tests of the deployment: docker compose, the image, the operations guide."""
