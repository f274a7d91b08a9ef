"""`python -m hunter_pipeline.cli`: the `hunter` command where its script is not on the path."""

from hunter_pipeline.cli import main

main()
