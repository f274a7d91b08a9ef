"""Print progress on a terminal, tables and JSON."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from typing import Any

from hunter_pipeline.config.logs import redirect_lines

# Outside a terminal each row is one line, however long: `hunter leads | grep contoso`.
UNLIMITED_WIDTH = 10_000


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


def format_table(
    titles: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    width: int = UNLIMITED_WIDTH,
    widths: Sequence[int] | None = None,
) -> str:
    """
    Return a text table; a cell beyond its column's width continues on the next line.

    Args:
        width: that of the table, in characters.
        widths: those of the columns; as wide as their cells if None.
    """
    from rich import box  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for title, columns in zip(titles, widths or [None] * len(titles), strict=True):
        table.add_column(title, overflow="fold", width=columns)
    for row in rows:
        table.add_row(*row)
    console = Console(width=width, markup=False, highlight=False)
    with console.capture() as capture:
        console.print(table)
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def to_json(value: Any) -> str:
    """Return JSON on one line; money as a number, times in ISO 8601."""
    return json.dumps(value, default=_to_json_value, ensure_ascii=False)


def _to_json_value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, date) else str(value)
