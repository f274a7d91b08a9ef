"""`hunter domain`: the canonical domain of hosts, URLs and e-mail addresses."""

import io
import json
import sys
from collections.abc import Iterable
from typing import Annotated

import typer

from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.referrals.canonical_domain import resolve

TAB = "\t"


def domain(
    texts: Annotated[
        list[str] | None, typer.Argument(metavar="TEXT", help="Host, URL or e-mail address.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Print the canonical domain of each TEXT, or line of input."""
    own = load_settings().own_domains
    for text in [_readable(text) for text in texts] if texts else _lines():
        found = resolve(text, own=own)
        if as_json:
            print(json.dumps({"input": text, "domain": found.domain, "reason": found.reason}))
        else:
            print(f"{text.replace(TAB, ' ')}{TAB}{found.domain or '-'}{TAB}{found.reason or ''}".rstrip(TAB))


def _readable(text: str) -> str:
    """An argument whose bytes are not UTF-8, read like such bytes on standard input."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _lines() -> Iterable[str]:
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace", newline="\n")
    return (line.rstrip("\r\n") for line in sys.stdin)
