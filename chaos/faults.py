"""Build the matrix of HTTP faults and run each case through a real sync."""

import io
import os
from collections.abc import Iterator, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from itertools import product
from time import monotonic, sleep, time
from typing import Any

import simplejson
from structlog.testing import capture_logs

from hunter_pipeline.cli.sync import SyncResult, print_result
from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.partner_center.client import PartnerCenterClient
from hunter_pipeline.partner_center.http import DEFAULT_POLICY, Http, RetryPolicy
from hunter_pipeline.partner_center.pagination import DOCUMENTED_HOST
from hunter_pipeline.pipeline.sign_in import open_sign_in
from hunter_pipeline.sandbox import Fault, SandboxOptions
from hunter_pipeline.sandbox.app import endpoint_of
from hunter_pipeline_tests.warehouse.installation import Installation

# The last page is not full, so that its end needs no proof by another request.
REFERRALS, PAGE = 5, 2
OPTIONS = SandboxOptions(referrals=REFERRALS, outgoing=0)
TRIES = 5
PLACES = ("sign-in", "first page", "middle page", "last page")
PAGES = PLACES[1:]
# The read timeout of the cases that time out; 30 seconds in production and in every other case.
READ_SECONDS = 0.15

AUTH, LIMIT, NETWORK = "PartnerCenterAuthError", "PartnerCenterRateLimitError", "PartnerCenterNetworkError"
SERVER, CLIENT, RESPONSE = "PartnerCenterServerError", "PartnerCenterClientError", "PartnerCenterResponseError"
EXIT_CODES = {None: 0, AUTH: 3, LIMIT: 4, NETWORK: 5, SERVER: 5, CLIENT: 5, RESPONSE: 5}
SETTLE_SECONDS = 0.02
Span = tuple[float, float]
BACKOFF: tuple[Span, ...] = ((1, 1.5), (2, 3), (4, 6), (8, 12))


@dataclass(frozen=True, kw_only=True)
class Case:
    """
    One fault at one place, and the expected result.

    row:       the kind of fault.
    what:      the fault; when: at which moment it happens.
    error:     the type of the sync's error, None if the sync succeeds in spite of the fault.
    tries:     requests to the place of the fault.
    waits:     bounds of each wait in seconds.
    kept:      referrals that are stored although the sync fails.
    status:    the status code of error and events, None without a response.
    refreshes: token refreshes.
    refused:   whether the sandbox refuses connections.
    upstream:  options of the sandbox that lists referrals in another way; tries are not compared then, because the
               client requests more pages.
    """

    row: str
    what: str
    when: str
    place: str
    fault: Fault | None
    error: str | None
    tries: int
    waits: tuple[Span, ...] = ()
    kept: int = REFERRALS
    status: int | None = None
    refreshes: int = 0
    refused: bool = False
    upstream: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_permanent(self) -> bool:
        """Return whether the fault outlasts the retries, so that the sync fails."""
        return self.error is not None

    @property
    def name(self) -> str:
        """Return the name of the case in the list of tests."""
        return f"{self.what}, {self.when}, {'permanent' if self.is_permanent else 'transient'}, {self.place}"


@dataclass
class Observed:
    """The observed result of a case, and of the sync after one that failed."""

    summary: dict[str, Any]
    exit_code: int
    tries: int
    waits: list[float]
    events: list[dict[str, Any]]
    kept: int
    refreshes: int
    next_summary: dict[str, Any] = field(default_factory=dict)
    rows_after: int = 0


def differences(case: Case, observed: Observed) -> list[str]:
    """Return how the observed result differs from the expected one; empty if it does not."""
    error = observed.summary["error"] or {}
    retries = [event for event in observed.events if event["event"] == "partner_center_retry"]
    failed = [event for event in observed.events if event["event"] == "partner_center_sync_failed"]
    next_sync = observed.next_summary
    in_bounds = len(observed.waits) == len(case.waits) and all(
        low <= wait <= high for wait, (low, high) in zip(observed.waits, case.waits, strict=False)
    )
    claims = {
        f"status {observed.summary['status']}": (observed.summary["status"] == "failed") == case.is_permanent,
        f"error {error.get('type')}": error.get("type") == case.error,
        f"exit code {observed.exit_code}": observed.exit_code == EXIT_CODES[case.error],
        f"{observed.tries} tries": observed.tries == case.tries or bool(case.upstream),
        f"waits {observed.waits}": in_bounds,
        f"{observed.refreshes} refreshes": observed.refreshes == case.refreshes,
        f"{observed.kept} kept": observed.kept == case.kept,
        f"status code {error.get('status_code')}": not case.is_permanent or error.get("status_code") == case.status,
        "request id": not case.is_permanent or bool(error.get("request_id")) == _has_request_id(case),
        f"events {retries}": [event["attempt"] for event in retries] == list(range(1, len(case.waits) + 1)),
        "fields of the events": all(_has_expected_fields(case, event) for event in [*retries, *failed]),
        f"{len(failed)} failures logged": len(failed) == case.is_permanent,
        f"next sync {next_sync.get('status')}": not case.is_permanent or next_sync["status"] == "success",
        f"next sync read {next_sync.get('fetched')}": not case.is_permanent
        or next_sync["fetched"] <= REFERRALS - max(case.kept - PAGE, 0),
        f"{observed.rows_after} rows after": observed.rows_after == REFERRALS,
    }
    return [claim for claim, holds in claims.items() if not holds]


def _has_request_id(case: Case) -> bool:
    # only responses of Partner Center have a Request-ID
    return case.status is not None and case.place != "sign-in"


def _has_expected_fields(case: Case, event: dict[str, Any]) -> bool:
    has_fields = {"status_code", "request_id", "attempt", "retry_after"} <= event.keys()
    return has_fields and event["status_code"] == case.status and bool(event["request_id"]) == _has_request_id(case)


class Clock:
    """A clock that a wait moves forward without waiting; `on_wait` is called with the number of each wait."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.on_wait: Any = None

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        if self.on_wait is not None:
            self.on_wait(len(self.waits))

    def now(self) -> float:
        return monotonic() + sum(self.waits)


class _Client(PartnerCenterClient):
    """A client whose sandbox stops after a page, so that the next connection is refused."""

    installation: Installation
    stop_after_page: int | None = None
    settle_seconds = 0.0

    def pages(self, **query: Any) -> Iterator[Any]:
        if self.stop_after_page == 0:
            self.installation.sandbox.stop()
        for page in super().pages(**query):
            yield page
            sleep(self.settle_seconds)
            if page.number == self.stop_after_page:
                self.installation.sandbox.stop()


def run(case: Case, installation: Installation) -> Observed:
    """Run a sync with the fault, and a second one without it if the first fails; an account has to be signed in."""
    installation.reset()
    installation.sandbox.options = replace(installation.sandbox.options, **case.upstream)
    clock = Clock()
    if case.place == "sign-in":
        _expire_access_token()
    client = _client(
        installation, clock, replace(DEFAULT_POLICY, read=READ_SECONDS) if case.what == "timed out" else DEFAULT_POLICY
    )
    client.settle_seconds = SETTLE_SECONDS if "after" in case.when else 0.0
    if case.fault is not None:
        installation.sandbox.fail(case.fault)
    if case.refused:
        client.stop_after_page = max(PLACES.index(case.place) - 1, 0)
        clock.on_wait = (
            None if case.is_permanent else lambda number: number == TRIES - 1 and installation.sandbox.start()
        )
    with capture_logs() as events:
        summary = installation.sync(page_size=PAGE, client=client)
    requested = [endpoint_of(request.path, request.query) for request in installation.sandbox.requests]
    place = ("token", None) if case.place == "sign-in" else ("list", PLACES.index(case.place))
    observed = Observed(
        summary=summary,
        exit_code=_exit_code(summary),
        tries=len(clock.waits) + 1 if case.refused else requested.count(place),
        waits=clock.waits,
        events=[dict(event) for event in events],
        kept=installation.value("select count(*) from raw_referrals"),
        refreshes=requested.count(("token", None)) if case.place != "sign-in" else 0,
    )
    installation.sandbox.clear_faults()
    if case.refused and case.is_permanent:
        installation.sandbox.start()
    if case.is_permanent:
        observed.next_summary = installation.sync(page_size=PAGE, client=_client(installation, Clock(), DEFAULT_POLICY))
    observed.rows_after = installation.value(
        "select count(*) from partner_center_referrals where missing_since is null"
    )
    return observed


def _client(installation: Installation, clock: Clock, policy: RetryPolicy) -> _Client:
    http = Http(policy, sleep=clock.sleep, clock=clock.now)
    settings = load_settings()
    client = _Client(http, open_sign_in(settings, http), settings.partner_center_api_url)
    client.installation = installation
    return client


def _exit_code(summary: dict[str, Any]) -> int:
    """Return the exit code that `hunter sync` has for the summary."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        return print_result(SyncResult(summary), as_json=False)


def _expire_access_token() -> None:
    """Expire the access token in the cache; the refresh token stays valid."""
    path = load_settings().token_cache
    sections = simplejson.loads(path.read_text(encoding="utf-8"))
    for entry in sections["AccessToken"].values():
        entry["expires_on"] = "1"
    path.write_text(simplejson.dumps(sections), encoding="utf-8")


def cases() -> list[Case]:
    """Return the whole matrix."""
    return [
        *_throttled(),
        *_retry_after(),
        *_broken_off(),
        *_unauthorized(),
        *_refused(),
        *_unreadable(),
        *_links(),
        *_upstreams(),
    ]


def _fault(place: str, kind: str, **more: Any) -> Fault:
    if place == "sign-in":
        return Fault(where="token", kind=kind, **more)
    return Fault(where="list", kind=kind, page=PLACES.index(place), **more)


def _kept(place: str) -> int:
    """Return how many referrals were read before the place of a permanent fault."""
    return max(PLACES.index(place) - 1, 0) * PAGE


# When a fault happens -> what the sandbox breaks off.
WHENS = {"full response": None, "cut off mid-body": "body", "closed afterwards": "after"}


def _throttled() -> Iterator[Case]:
    errors = {429: LIMIT, 503: SERVER, 509: LIMIT, 500: SERVER, 502: SERVER, 504: SERVER}
    for (status, error), (when, breaks), place, permanent in product(
        errors.items(), WHENS.items(), PLACES, (False, True)
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
            kept=_kept(place) if permanent else REFERRALS,
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
        for breaks in (None, "body") if words == "7 seconds" else (None,):
            yield Case(
                row="429, 503, 509",
                what=f"{status}, Retry-After: {words}",
                when="cut off mid-body" if breaks else "full response",
                place=place,
                fault=_fault(place, str(status), retry_after=value, times=2, breaks=breaks),
                error=None,
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
            row="refused, reset, timed out, cut off",
            what=what,
            when=when,
            place=place,
            fault=_fault(place, **fault, times=None if permanent else TRIES - 1) if fault else None,
            error=NETWORK if permanent else None,
            tries=TRIES,
            waits=BACKOFF,
            kept=_kept(place) if permanent else REFERRALS,
            refused=not fault,
        )
    for place in PAGES:
        yield Case(
            row="refused, reset, timed out, cut off",
            what="closed",
            when="after a good response",
            place=place,
            fault=_fault(place, "good", breaks="after", times=1),
            error=None,
            tries=1,
        )


def _unauthorized() -> Iterator[Case]:
    for (when, breaks), place, permanent in product(WHENS.items(), PAGES, (False, True)):
        yield Case(
            row="401",
            what="401",
            when=when,
            place=place,
            fault=_fault(place, "401", breaks=breaks, times=None if permanent else 1),
            error=AUTH if permanent else None,
            tries=2,
            kept=_kept(place) if permanent else REFERRALS,
            status=401,
            refreshes=1,
        )
    for place in PAGES:
        yield Case(
            row="401",
            what="401 with 900421",
            when="full response",
            place=place,
            fault=_fault(place, "401", code="900421"),
            error=AUTH,
            tries=2,
            kept=_kept(place),
            status=401,
            refreshes=1,
        )
    for what, kind, status in (
        ("401", "401", 401),
        ("AADSTS50173 (revoked)", "AADSTS50173", 400),
        ("AADSTS50076 (MFA)", "AADSTS50076", 400),
    ):
        yield Case(
            row="401",
            what=what,
            when="full response",
            place="sign-in",
            fault=_fault("sign-in", kind),
            error=AUTH,
            tries=1,
            kept=0,
            status=status,
        )


def _refused() -> Iterator[Case]:
    for status, (when, breaks), place in product((403, 404, 400, 410), WHENS.items(), PLACES):
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
            kept=_kept(place),
            status=status,
        )


def _unreadable() -> Iterator[Case]:
    everywhere = {"html": "an HTML page", "empty": "no body", "malformed": "incomplete JSON", "not_an_object": "a list"}
    on_pages = {"no_value": "no `value`", "value_not_list": "`value` is not a list"}
    kinds = [*product(everywhere.items(), PLACES), *product(on_pages.items(), PAGES)]
    for (kind, words), place in [*kinds, *product([("redirect", "a redirect")], PLACES)]:
        yield Case(
            row="not JSON, no `value` list, a repeated or foreign `nextLink`",
            what=words,
            when="full response",
            place=place,
            fault=_fault(place, kind),
            error=RESPONSE,
            tries=1,
            kept=_kept(place),
            status=302 if kind == "redirect" else 200,
        )


def _links() -> Iterator[Case]:
    kinds = {"repeat_next": "a repeated", "foreign_next": "a foreign", "bad_next": "an invalid"}
    for (kind, words), place in product(kinds.items(), PAGES):
        # the first page has no token, so the repetition shows at the second request
        is_read_twice = kind == "repeat_next" and place == "first page"
        yield Case(
            row="not JSON, no `value` list, a repeated or foreign `nextLink`",
            what=f"{words} nextLink",
            when="in its page",
            place=place,
            fault=_fault(place, kind),
            error=RESPONSE,
            tries=2 if is_read_twice else 1,
            kept=min(_kept(place) + PAGE, REFERRALS),
            status=200,
        )


# Other ways to list referrals that are documented somewhere or were seen at other OData services.
UPSTREAMS: dict[str, dict[str, Any]] = {
    "`$top` limits the list": {"top_is_total": True},
    "links with `$skip`": {"skip_links": True},
    "pages of its own size": {"page_size_limit": 1},
    "links to the documented host": {"next_link_host": DOCUMENTED_HOST},
    "no filters": {"refuse_all_filters": True},
}


def _upstreams() -> Iterator[Case]:
    for (upstream, options), permanent in product(UPSTREAMS.items(), (False, True)):
        yield Case(
            row="another way to list referrals",
            what=f"503, {upstream}",
            when="full response",
            place="first page",
            fault=_fault("first page", "503", times=None if permanent else 2),
            error=SERVER if permanent else None,
            tries=TRIES if permanent else 3,
            waits=BACKOFF if permanent else BACKOFF[:2],
            kept=0 if permanent else REFERRALS,
            status=503,
            upstream=options,
        )


def use(installation: Installation) -> None:
    """Set the installation's variables in this process."""
    os.environ.update(installation.environment)
    disable_synchronous_commit(installation)


def disable_synchronous_commit(installation: Installation) -> None:
    """Make the tests faster: this database does not have to survive a power failure."""
    [row] = installation.rows("select current_database() as name")
    installation.execute(f"alter database {row['name']} set synchronous_commit = off")
