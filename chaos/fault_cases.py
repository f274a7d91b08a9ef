"""Build the matrix of HTTP faults: each fault at each place, and the result that a sync has to have."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from itertools import product
from time import time
from typing import Any

from hunter_pipeline.partner_center.pagination import DOCUMENTED_HOST
from hunter_pipeline.sandbox import Fault

# The last page is not full, so that its end needs no proof by another request.
REFERRALS, PAGE = 5, 2
TRIES = 5
PLACES = ("sign-in", "first page", "middle page", "last page")
PAGES = PLACES[1:]
# The read timeout of the cases that time out; 30 seconds in production and in every other case.
READ_SECONDS = 0.15

AUTH, LIMIT, NETWORK = "PartnerCenterAuthError", "PartnerCenterRateLimitError", "PartnerCenterNetworkError"
SERVER, CLIENT, RESPONSE = "PartnerCenterServerError", "PartnerCenterClientError", "PartnerCenterResponseError"
EXIT_CODES = {None: 0, AUTH: 3, LIMIT: 4, NETWORK: 5, SERVER: 5, CLIENT: 5, RESPONSE: 5}
Span = tuple[float, float]
BACKOFF: tuple[Span, ...] = ((1, 1.5), (2, 3), (4, 6), (8, 12))
_UNREADABLE = "not JSON, no `value` list, a repeated or foreign `nextLink`"
_NETWORK = "refused, reset, timed out, cut off"
# When a fault happens -> what the sandbox breaks off.
_WHENS = {"full response": None, "cut off mid-body": "body", "closed afterwards": "after"}
# Other ways to list referrals that are documented somewhere or were seen at other OData services.
_UPSTREAMS: dict[str, dict[str, Any]] = {
    "`$top` limits the list": {"top_is_total": True},
    "links with `$skip`": {"skip_links": True},
    "pages of its own size": {"page_size_limit": 1},
    "links to the documented host": {"next_link_host": DOCUMENTED_HOST},
    "no filters": {"refuse_all_filters": True},
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """
    One fault at one place, and the expected result.

    row:          the kind of fault.
    what:         the fault; when: at which moment it happens.
    fault:        None if the sandbox refuses connections.
    error:        the type of the sync's error, None if the sync succeeds in spite of the fault.
    tries:        requests to the place of the fault.
    waits:        bounds of each wait in seconds.
    page_is_kept: whether a sync that fails stores the referrals of the faulty page.
    status:       the status code of error and events, None without a response.
    refreshes:    token refreshes.
    upstream:     options of the sandbox that lists referrals in another way; tries are not compared then, because the
                  client requests more pages.
    """

    row: str
    what: str
    when: str = "full response"
    place: str
    fault: Fault | None
    error: str | None = None
    tries: int = 1
    waits: tuple[Span, ...] = ()
    page_is_kept: bool = False
    status: int | None = None
    refreshes: int = 0
    upstream: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_permanent(self) -> bool:
        """Return whether the fault outlasts the retries, so that the sync fails."""
        return self.error is not None

    @property
    def kept(self) -> int:
        """Return how many referrals are stored: all, or those of the pages before a permanent fault."""
        pages = max(PLACES.index(self.place) - 1, 0) + self.page_is_kept
        return min(pages * PAGE, REFERRALS) if self.is_permanent else REFERRALS

    @property
    def name(self) -> str:
        """Return the name of the case in the list of tests."""
        return f"{self.what}, {self.when}, {'permanent' if self.is_permanent else 'transient'}, {self.place}"


def all_cases() -> list[Case]:
    """Return the whole matrix."""
    groups = (_throttled, _retry_after, _broken_off, _unauthorized, _refused, _unreadable, _links, _upstreams)
    return [case for group in groups for case in group()]


def _fault(place: str, kind: str, **more: Any) -> Fault:
    if place == "sign-in":
        return Fault(where="token", kind=kind, **more)
    return Fault(where="list", kind=kind, page=PLACES.index(place), **more)


def _throttled() -> Iterator[Case]:
    errors = {429: LIMIT, 503: SERVER, 509: LIMIT, 500: SERVER, 502: SERVER, 504: SERVER}
    for (status, error), (when, breaks), place, permanent in product(
        errors.items(), _WHENS.items(), PLACES, (False, True)
    ):
        if breaks and status in (509, 502, 504):
            continue
        yield Case(
            row="429, 503, 509" if status in (429, 503, 509) else "other 5xx",
            what=str(status),
            when=when,
            place=place,
            fault=_fault(place, str(status), breaks=breaks, times=None if permanent else TRIES - 1),
            error=error if permanent else None,
            tries=TRIES,
            waits=BACKOFF,
            status=status,
        )


def _retry_after() -> Iterator[Case]:
    values: dict[str, tuple[str, Span, Span]] = {
        "7 seconds": ("7", (7, 7), (7, 7)),
        "a date in 20 s": (formatdate(time() + 20, usegmt=True), (0, 20), (0, 60)),
        "an hour": ("3600", (60, 60), (60, 60)),
        "negative": ("-5", *BACKOFF[:2]),
        "garbage": ("soon", *BACKOFF[:2]),
        "a date in the past": ("Wed, 21 Oct 2015 07:28:00 GMT", *BACKOFF[:2]),
    }
    for status, place, (words, (value, *waits)) in product((429, 503, 509), PLACES, values.items()):
        if status != 429 and place != "middle page":
            continue
        for when in ("full response", "cut off mid-body") if words == "7 seconds" else ("full response",):
            yield Case(
                row="429, 503, 509",
                what=f"{status}, Retry-After: {words}",
                when=when,
                place=place,
                fault=_fault(place, str(status), retry_after=value, times=2, breaks=_WHENS[when]),
                tries=3,
                waits=tuple(waits),
                status=status,
            )


def _broken_off() -> Iterator[Case]:
    ways: dict[tuple[str, str], dict[str, Any]] = {
        ("reset", "before the headers"): {"kind": "drop"},
        ("cut off", "mid-header"): {"kind": "good", "breaks": "head"},
        ("cut off", "mid-body"): {"kind": "cut"},
        ("timed out", "before the headers"): {"kind": "slow", "delay": 4 * READ_SECONDS},
        ("refused", "before the headers"): {},
    }
    for ((what, when), fault), place, permanent in product(ways.items(), PLACES, (False, True)):
        yield Case(
            row=_NETWORK,
            what=what,
            when=when,
            place=place,
            fault=_fault(place, **fault, times=None if permanent else TRIES - 1) if fault else None,
            error=NETWORK if permanent else None,
            tries=TRIES,
            waits=BACKOFF,
        )
    for place in PAGES:
        fault = _fault(place, "good", breaks="after", times=1)
        yield Case(row=_NETWORK, what="closed", when="after a good response", place=place, fault=fault)


def _unauthorized() -> Iterator[Case]:
    for (when, breaks), place, permanent in product(_WHENS.items(), PAGES, (False, True)):
        yield Case(
            row="401",
            what="401",
            when=when,
            place=place,
            fault=_fault(place, "401", breaks=breaks, times=None if permanent else 1),
            error=AUTH if permanent else None,
            tries=2,
            status=401,
            refreshes=1,
        )
    for place in PAGES:
        fault = _fault(place, "401", code="900421")
        yield Case(
            row="401", what="401 with 900421", place=place, fault=fault, error=AUTH, tries=2, status=401, refreshes=1
        )
    for what, kind, status in (
        ("401", "401", 401),
        ("AADSTS50173 (revoked)", "AADSTS50173", 400),
        ("AADSTS50076 (MFA)", "AADSTS50076", 400),
    ):
        yield Case(row="401", what=what, place="sign-in", fault=_fault("sign-in", kind), error=AUTH, status=status)


def _refused() -> Iterator[Case]:
    for status, (when, breaks), place in product((403, 404, 400, 410), _WHENS.items(), PLACES):
        if place == "sign-in" and breaks == "body":
            continue  # half of a response of Entra is not JSON: see _unreadable
        if (status, breaks) in ((400, "body"), (410, "body"), (410, "after")):
            continue
        yield Case(
            row="403" if status == 403 else "other 4xx",
            what=str(status),
            when=when,
            place=place,
            fault=_fault(place, str(status), breaks=breaks),
            error=AUTH if status == 403 or place == "sign-in" else CLIENT,
            # a 400 for the first page may be about its filter or its size, so it is requested without the one, then
            # without the other, then without both
            tries=4 if status == 400 and place == "first page" else 1,
            status=status,
        )


def _unreadable() -> Iterator[Case]:
    everywhere = {"html": "an HTML page", "empty": "no body", "malformed": "incomplete JSON", "not_an_object": "a list"}
    on_pages = {"no_value": "no `value`", "value_not_list": "`value` is not a list"}
    kinds = [*product(everywhere.items(), PLACES), *product(on_pages.items(), PAGES)]
    for (kind, words), place in [*kinds, *product([("redirect", "a redirect")], PLACES)]:
        status = 302 if kind == "redirect" else 200
        fault = _fault(place, kind)
        yield Case(row=_UNREADABLE, what=words, place=place, fault=fault, error=RESPONSE, status=status)


def _links() -> Iterator[Case]:
    kinds = {"repeat_next": "a repeated", "foreign_next": "a foreign", "bad_next": "an invalid"}
    for (kind, words), place in product(kinds.items(), PAGES):
        yield Case(
            row=_UNREADABLE,
            what=f"{words} nextLink",
            when="in its page",
            place=place,
            fault=_fault(place, kind),
            error=RESPONSE,
            # the first page has no token, so the repetition shows at the second request
            tries=2 if kind == "repeat_next" and place == "first page" else 1,
            page_is_kept=True,
            status=200,
        )


def _upstreams() -> Iterator[Case]:
    for (upstream, options), permanent in product(_UPSTREAMS.items(), (False, True)):
        yield Case(
            row="another way to list referrals",
            what=f"503, {upstream}",
            place="first page",
            fault=_fault("first page", "503", times=None if permanent else 2),
            error=SERVER if permanent else None,
            tries=TRIES if permanent else 3,
            waits=BACKOFF if permanent else BACKOFF[:2],
            status=503,
            upstream=options,
        )
