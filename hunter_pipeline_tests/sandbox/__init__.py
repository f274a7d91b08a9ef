"""Tests of the simulator of Partner Center and Entra, over HTTPS."""
