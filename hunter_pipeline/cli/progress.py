"""Print progress messages on a terminal."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hunter_pipeline.config.logs import redirect_lines


@contextmanager
def spinner(text: str) -> Iterator[Callable[[str], None]]:
    """
    Show a spinner with a text below the log lines; yield the function that replaces the text.

    Shows nothing if standard error is not a terminal.
    """
    if not sys.stderr.isatty():
        yield lambda _text: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    # a copy of standard error, because Dagster replaces the original during a step
    with os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding=sys.stderr.encoding, errors="replace") as terminal:
        console = Console(file=terminal)

        def print_above(line: str) -> None:
            console.print(Text.from_ansi(line), soft_wrap=True)

        with console.status(text) as status, redirect_lines(print_above):
            yield status.update


def print_waiting_for_sync() -> None:
    """Print that the command waits for the sync in progress."""
    print("Waiting for the sync in progress.", file=sys.stderr, flush=True)
