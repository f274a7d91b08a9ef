"""
Pages of referrals: the JSON of a page, and the way to the next one.

Numbers with a fraction are `Decimal`, NaN and infinities are floats, invalid UTF-8 becomes U+FFFD. If an item is nested
too deeply for the parser, it is returned as its own JSON text (`str`), to be quarantined, and the others are read.
"""

import json
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, cast
from urllib.parse import SplitResult, urlsplit

import simplejson  # pyright: ignore[reportMissingTypeStubs]

from hunter_pipeline.errors import PartnerCenterResponseError
from hunter_pipeline.partner_center.responses import ApiResponse
from hunter_pipeline.referrals.payloads import MAX_DEPTH

# The documented nextLink names this host, whatever host was asked.
DOCUMENTED_HOST = "api.partner.microsoft.com"
# Pages in a row that are empty or repeat an earlier one, after which a read fails, because its links may never end.
# OData allows empty pages: a server that filters slowly sends some.
MAX_PAGES_WITHOUT_PROGRESS = 100

_NEXT_LINK = "@odata.nextLink"
_WEB_PORTS = (80, 443)
# Strings are matched as a whole, so that brackets within them are not counted.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)
# Depth of a referral's own braces: within the page and its `value` list.
_ITEM_DEPTH = 3
# Digits; Python's int() refuses more than 4,300.
_MAX_INT_DIGITS = 4000


@dataclass(frozen=True, slots=True)
class Page:
    """
    One page of the referral list.

    Attributes:
        number: from 1.
        items: the referrals, or whatever JSON values stand in their place.
        next_link: as sent; None on the last page.
    """

    number: int
    items: list[object]
    next_link: object = None
    request_id: str | None = None

    @property
    def fingerprint(self) -> int:
        """Return a hash of the ids and versions of the referrals, the same for every empty page."""
        objects = (cast("dict[str, object]", item) if isinstance(item, dict) else {"id": item} for item in self.items)
        try:
            return hash(repr([(item.get("id"), item.get("updatedDateTime")) for item in objects]))
        except RecursionError:  # an id that is nested just not too deeply for the parser
            return id(self)


def read_page(response: ApiResponse, number: int) -> Page:
    """
    Parse a page.

    Raises: PartnerCenterResponseError if it is no JSON object with a `value` list.
    """
    try:
        body = _parse(response.text)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise unreadable_page(response, number, "is not a JSON object")
    page = cast("dict[str, object]", body)
    items = page.get("value")
    if not isinstance(items, list):
        raise unreadable_page(response, number, "has no list named value")
    return Page(number, cast("list[object]", items), page.get(_NEXT_LINK), response.request_id)


def next_query(response: ApiResponse, page: Page, api_url: str) -> str | None:
    """
    Return the query string of a page's nextLink, verbatim; None on the last page.

    Scheme, port and path of the link are documented wrongly and not used:
    "http://api.partner.microsoft.com/v1.0/referrals?$skiptoken=abc" -> "$skiptoken=abc".

    Raises: PartnerCenterResponseError if the link is no text, has no query or names another host.
    """
    if page.next_link is None:
        return None
    try:
        link = urlsplit(page.next_link) if isinstance(page.next_link, str) else None
        is_own_host = link is not None and _is_own_host(link, urlsplit(api_url))
    except ValueError:
        link, is_own_host = None, False
    if link is None or not link.query:
        raise unreadable_page(response, page.number, "has a nextLink without a query")
    if not is_own_host:
        raise unreadable_page(response, page.number, "has a nextLink to a foreign host")
    return link.query


def _is_own_host(link: SplitResult, api: SplitResult) -> bool:
    """Whether a link is relative, or names the API's host or the documented one, with its port or that of the web."""
    if not link.netloc:
        return True
    return link.hostname in (api.hostname, DOCUMENTED_HOST) and link.port in (None, *_WEB_PORTS, api.port)


def _parse(text: str) -> Any:
    try:
        return _loads(text)
    except RecursionError:
        return _loads(_quote_deep_items(text))


def _quote_deep_items(text: str) -> str:
    """Replace each item of a page that is nested more than MAX_DEPTH levels deep by a JSON string of its text."""
    parts: list[str] = []
    depth = deepest = start = end = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        if match.group() in ("[", "{"):
            depth += 1
            if depth == _ITEM_DEPTH:
                start, deepest = match.start(), depth
            deepest = max(deepest, depth)
        elif match.group() in ("]", "}"):
            if depth == _ITEM_DEPTH and deepest - depth >= MAX_DEPTH:
                parts += [text[end:start], json.dumps(text[start : match.end()])]
                end = match.end()
            depth -= 1
    return "".join([*parts, text[end:]])


def _loads(text: str) -> Any:
    return simplejson.loads(text, parse_int=_parse_int, parse_float=_parse_fraction, allow_nan=True)


def _parse_int(digits: str) -> int | Decimal:
    return int(digits) if len(digits) < _MAX_INT_DIGITS else Decimal(digits)


def _parse_fraction(digits: str) -> Decimal | float:
    try:
        return Decimal(digits)
    except InvalidOperation:  # an exponent beyond 10**18
        return float(digits)


def unreadable_page(response: ApiResponse, number: int, problem: str) -> PartnerCenterResponseError:
    """Return the error for a page that cannot be read or followed; `problem` continues "Page 3 of the referrals"."""
    return PartnerCenterResponseError(
        f"Page {number} of the referrals {problem}.",
        hint="What was read is kept. If it persists, a gateway may answer for Partner Center: look at the API URL.",
        **response.details,
    )
