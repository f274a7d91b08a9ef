"""`hunter domain`: the canonical domain of hosts, URLs and e-mail addresses."""

import io
import json
import sys
from collections.abc import Iterable
from typing import Annotated

import typer

from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.referrals.canonical_domain import resolve
from hunter_pipeline.referrals.text import replace_control_characters

TAB = "\t"


def domain(
    texts: Annotated[
        list[str] | None, typer.Argument(metavar="TEXT", help="Host, URL or e-mail address.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object per line.")] = False,
) -> None:
    """Print the canonical domain of each TEXT, or line of input."""
    settings = load_settings()
    own = settings.own_domains
    if settings.partner_center_client_id:
        from hunter_pipeline.pipeline.sign_in import own_domains  # noqa: PLC0415 - MSAL takes a while to import

        own = own_domains(settings)
    for text in map(_replace_invalid_bytes, texts) if texts else _input_lines():
        found = resolve(text, own=own)
        if as_json:
            print(json.dumps({"input": text, "domain": found.domain, "reason": found.reason}))
        else:
            shown = replace_control_characters(text.replace(TAB, " "))
            print(f"{shown}{TAB}{found.domain or '-'}{TAB}{found.reason or ''}".rstrip(TAB))


def _replace_invalid_bytes(text: str) -> str:
    # arguments carry bytes that are not UTF-8 as surrogates; standard input replaces them
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _input_lines() -> Iterable[str]:
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace", newline="\n")
    return (line.rstrip("\r\n") for line in sys.stdin)
