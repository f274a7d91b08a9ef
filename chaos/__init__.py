"""
Adversity on purpose: the matrix of HTTP faults and the loop of crashes, which write docs/resilience.md.

A folder of its own beside bench/, because the tests and the command share the cases: `hunter_pipeline_tests/chaos`
runs the same matrix. Nothing here is installed with the package.
"""
