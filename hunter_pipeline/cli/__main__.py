"""Run the `hunter` command by `python -m hunter_pipeline.cli`."""

from hunter_pipeline.cli import main

main()
