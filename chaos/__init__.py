"""
The chaos suite: a matrix of HTTP faults and a loop of crashes, which write docs/resilience.md.

`hunter_pipeline_tests/chaos` runs the same matrix. Nothing here is installed with the package.
"""
