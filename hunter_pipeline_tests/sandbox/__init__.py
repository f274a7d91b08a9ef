"""Tests of the stand-in Partner Center, over real HTTPS."""
