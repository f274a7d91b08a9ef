"""
The chaos suite: a matrix of HTTP faults, killed senders of answers, and a loop of crashes.

`hunter_pipeline_tests/chaos` runs the same matrix. Nothing here is installed with the package.
"""
