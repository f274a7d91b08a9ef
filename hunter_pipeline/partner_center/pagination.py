"""
Parse pages of referrals and find the link to the next page.

A page is split into the bytes of its items without decoding them. A page that is not strictly valid JSON is parsed
as a whole instead: NaN and infinities are floats, invalid UTF-8 becomes U+FFFD, and an item that is nested too deeply
for the parser is returned as its own JSON text (`str`), to be quarantined.
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from urllib.parse import SplitResult, urlsplit

import msgspec

from hunter_pipeline.errors import PartnerCenterResponseError
from hunter_pipeline.partner_center.responses import ApiResponse
from hunter_pipeline.referrals.canonical_json import MAX_DEPTH, STRING_OR_BRACKET, parse_json
from hunter_pipeline.referrals.payloads import WireReferral, identify
from hunter_pipeline.referrals.referral import Payload

# The documented nextLink names this host, whatever host was asked.
DOCUMENTED_HOST = "api.partner.microsoft.com"
# Pages in a row that are empty or repeat an earlier one, after which a read fails, because its links may never end.
# OData allows empty pages: a server that filters slowly sends some.
MAX_PAGES_WITHOUT_PROGRESS = 100

UPDATED = "updatedDateTime"
# Spellings of the link to the next page, without case and punctuation.
_NEXT_LINK = "nextlink"
_WEB_PORTS = (80, 443)
# Depth of a referral's own braces: within the page and its `value` list.
_ITEM_DEPTH = 3
_PAGE = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])


@dataclass(frozen=True, slots=True)
class Page:
    """
    One page of the referral list.

    Attributes:
        number: from 1.
        items: the referrals, each a WireReferral, or other JSON values, parsed.
        next_link: as sent; None on the last page.
        served_at: the time of the response by the server's clock, None if it does not say.
    """

    number: int
    items: list[object]
    next_link: object = None
    request_id: str | None = None
    served_at: datetime | None = None

    @property
    def identities(self) -> list[tuple[object, object]]:
        """Return the `id` and `updatedDateTime` of each item."""
        return [_identity(item) for item in self.items]

    @property
    def fingerprint(self) -> int:
        """Return a hash of the ids and versions of the referrals, the same for every empty page."""
        return hash(repr(self.identities))


def _identity(item: object) -> tuple[object, object]:
    if isinstance(item, WireReferral):
        return item.referral_id, item.updated
    if isinstance(item, dict):
        fields = cast("dict[str, object]", item)
        return fields.get("id"), fields.get(UPDATED)
    return item, None


def read_page(response: ApiResponse, number: int) -> Page:
    """Split a page into its items. Raises: PartnerCenterResponseError if it is no JSON object with a `value` list."""
    try:
        fields = _PAGE.decode(response.body)
        items = [identify(bytes(item)) for item in _ITEMS.decode(fields["value"])]
        others = {name: msgspec.json.decode(raw) for name, raw in fields.items() if name != "value"}
    except (msgspec.DecodeError, KeyError, ValueError, RecursionError):
        return _parse_page(response, number)
    return _page(response, number, items, others)


def _parse_page(response: ApiResponse, number: int) -> Page:
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
    return _page(response, number, cast("list[object]", items), page)


def read_single(response: ApiResponse, referral_id: str) -> Payload:
    """
    Return the referral of a response, as items of the list are: without OData's annotations.

    Raises: PartnerCenterResponseError if it is no JSON object with this id.
    """
    try:
        body = parse_json(response.text)
    except (ValueError, RecursionError):
        body = None
    fields = cast("Payload", body) if isinstance(body, dict) else {}
    if str(fields.get("id", "")).strip().lower() != referral_id.lower():
        raise PartnerCenterResponseError(
            "The answer to the request for one referral is not that referral.",
            hint="A gateway may answer for Partner Center: look at the API URL.",
            **response.details,
        )
    return {name: value for name, value in fields.items() if not name.startswith("@odata.")}


def _page(response: ApiResponse, number: int, items: list[object], fields: dict[str, object]) -> Page:
    if isinstance(fields.get("error"), dict):
        raise unreadable_page(response, number, "holds an error instead of referrals")
    links = [fields[name] for name in fields if _is_next_link(name) and fields[name] not in (None, "")]
    return Page(number, items, links[0] if links else None, response.request_id, response.served_at)


def _is_next_link(name: str) -> bool:
    """Return whether a field is the link to the next page: @odata.nextLink, odata.nextLink, @nextLink, ..."""
    return re.sub("[^a-z]", "", name.lower()).removeprefix("odata") in (_NEXT_LINK, "next")


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
    """Return whether a link is relative, or names the API's or the documented host and a port of one of them."""
    if not link.netloc:
        return True
    return link.hostname in (api.hostname, DOCUMENTED_HOST) and link.port in (None, *_WEB_PORTS, api.port)


def _parse(text: str) -> Any:
    try:
        return parse_json(text)
    except RecursionError:
        return parse_json(_quote_deep_items(text))


def _quote_deep_items(text: str) -> str:
    """Replace each item of a page that is nested more than MAX_DEPTH levels deep by a JSON string of its text."""
    parts: list[str] = []
    depth = deepest = start = end = 0
    for match in STRING_OR_BRACKET.finditer(text):
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


def unreadable_page(response: ApiResponse, number: int, problem: str) -> PartnerCenterResponseError:
    """Return the error for a page that cannot be read or followed; `problem` continues "Page 3 of the referrals"."""
    return PartnerCenterResponseError(
        f"Page {number} of the referrals {problem}.",
        hint="What was read is kept. If it persists, a gateway may answer for Partner Center: look at the API URL.",
        **response.details,
    )
