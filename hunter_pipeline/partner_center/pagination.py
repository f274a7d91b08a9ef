"""
The JSON of a page of referrals: read so that one odd referral does not make its page unreadable.

What belongs here: bytes -> items and the next page's query. What does not: requests.

Numbers with a fraction are `Decimal`, NaN and infinities are floats, bytes that are no UTF-8 become
U+FFFD. A referral that nests too deeply for the parser is handed on as its own JSON text (`str`), to
be quarantined like anything else that is not an object.
"""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, cast
from urllib.parse import SplitResult, urlsplit

import simplejson  # pyright: ignore[reportMissingTypeStubs]

from hunter_pipeline.errors import PartnerCenterResponseError
from hunter_pipeline.partner_center.responses import Answer

DOCUMENTED_HOST = "api.partner.microsoft.com"
_WEB_PORTS = (80, 443)
_NEXT_LINK = "@odata.nextLink"
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{},]', re.DOTALL)
_LIST = re.compile(r"\s*:\s*\[")
_MOST_DIGITS = 4000
MOST_IN_VAIN = 100
"""Pages in a row without anything new. Empty ones are allowed in OData: a server that filters slowly sends some."""


@dataclass(frozen=True, slots=True)
class Page:
    """
    One page as it arrived.

    number: from 1. items: referrals, any JSON value. next_link: as it stands there, None on the last page.
    """

    number: int
    items: list[object]
    next_link: object = None
    request_id: str | None = None


class Progress:
    """
    Whether a read gets anywhere: a server whose links lead on for ever would hold it for ever.

    vain: how many pages in a row, up to now, were empty or brought only what this read has had already.
    """

    def __init__(self) -> None:
        self.vain = 0
        self._known: set[int] = set()

    def is_none(self, page: Page) -> bool:
        """Take one more page into account; True where it is one in vain too many."""
        marks = {_mark(item) for item in page.items}
        self.vain = 0 if marks - self._known else self.vain + 1
        self._known |= marks
        return self.vain >= MOST_IN_VAIN


def _mark(item: object) -> int:
    """What an item is known by: a referral by its id and version, anything else by itself."""
    known_by = item
    if isinstance(item, dict) and "id" in item:
        referral = cast("dict[str, object]", item)
        known_by = referral["id"], referral.get("updatedDateTime")
    try:
        return hash(repr(known_by))
    except RecursionError:  # just not too deep for the parser
        return id(known_by)


def read_page(answer: Answer, number: int) -> Page:
    """Read an answer's page. Raises: PartnerCenterResponseError where it is not JSON or has no `value` list."""
    body = _parsed(answer, number)
    items = body.get("value")
    if not isinstance(items, list):
        raise unreadable(answer, number, "has no list named value")
    return Page(number, cast("list[object]", items), body.get(_NEXT_LINK), answer.request_id)


def query_of(answer: Answer, page: Page, api_url: str) -> str | None:
    """
    The query string of a page's nextLink, verbatim; scheme, port and path are documented wrongly and never followed.

    Shape:  'http://api.partner.microsoft.com/v1.0/referrals?$skiptoken=abc' -> '$skiptoken=abc'
    None:   it was the last page.
    Raises: PartnerCenterResponseError where the link is no text, has no query or names another host.
    """
    if page.next_link is None:
        return None
    try:
        parts = urlsplit(page.next_link) if isinstance(page.next_link, str) else None
        place = (parts.hostname, parts.port) if parts else (None, None)
    except ValueError:
        parts = None
        place = (None, None)
    if parts is None or not parts.query:
        raise unreadable(answer, page.number, "has a nextLink without a query")
    if parts.netloc and not _is_ours(*place, urlsplit(api_url)):
        raise unreadable(answer, page.number, "has a nextLink to a foreign host")
    return parts.query


def _is_ours(host: str | None, port: int | None, api: SplitResult) -> bool:
    """The API's own host, or the documented one; a port may be left out, or be that of http, as documented."""
    return host in (api.hostname, DOCUMENTED_HOST) and port in (None, *_WEB_PORTS, api.port)


def _parsed(answer: Answer, number: int) -> dict[str, object]:
    text = answer.text
    try:
        body = _loads(text)
    except RecursionError:
        body = _piecewise(text)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise unreadable(answer, number, "is not a JSON object")
    return cast("dict[str, object]", body)


def _piecewise(text: str) -> object:
    """Parse the items of `value` one by one; only what nests too deeply stays text. None where that is in vain."""
    try:
        start, end, texts = _cut(text)
        body = _loads(text[:start] + text[end:])
        return {**body, "value": [_item(item) for item in texts]}
    except (ValueError, RecursionError):
        return None


def _item(text: str) -> object:
    try:
        return _loads(text)
    except RecursionError:
        return text


def _cut(text: str) -> tuple[int, int, list[str]]:
    """Where the items of the top level's `value` stand, and each one's text. Raises: ValueError where it has none."""
    depth = start = begin = 0
    items: list[str] = []
    for token in _TOKEN.finditer(text):
        mark = token.group()
        if not start:
            if depth == 1 and mark == '"value"' and (opening := _LIST.match(text, token.end())):
                start = begin = opening.end()  # the bracket itself is the next token
                continue
        elif depth == 2 and mark in ",]":  # noqa: PLR2004 - inside the list itself
            items.append(text[begin : token.start()])
            begin = token.end()
            if mark == "]":
                return start, token.start(), [item for item in items if item.strip()]
        depth += (mark in "[{") - (mark in "]}")
    raise ValueError("no list named value")


def _loads(text: str) -> Any:
    return simplejson.loads(text, parse_int=_integer, parse_float=_decimal, allow_nan=True)


def _integer(digits: str) -> int | Decimal:
    return int(digits) if len(digits) < _MOST_DIGITS else Decimal(digits)


def _decimal(digits: str) -> Decimal | float:
    try:
        return Decimal(digits)
    except InvalidOperation:  # an exponent beyond 10**18
        return float(digits)


def unreadable(answer: Answer, number: int, why: str) -> PartnerCenterResponseError:
    """The error for a page that cannot be read or followed; `why` goes on after 'Page 3 of the referrals'."""
    return PartnerCenterResponseError(
        f"Page {number} of the referrals {why}.",
        hint="What was read stays. If it lasts, a gateway may answer instead of Partner Center: look at the API URL.",
        **answer.facts,
    )
