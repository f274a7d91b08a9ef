"""
The matrix of HTTP faults: every row of the contract's table, wherever and whenever it can strike.

What belongs here: the cases with what must come of each, and running one through a real sync (HTTPS, PostgreSQL).
What does not: asserting (the tests do) and printing (report.py does).
"""

import io
import os
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from itertools import product
from time import monotonic, sleep, time
from typing import Any

import simplejson
from structlog.testing import capture_logs

from hunter_pipeline.cli.sync import Outcome, report
from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.partner_center.client import PartnerCenterClient
from hunter_pipeline.partner_center.http import DEFAULT_POLICY, Http, RetryPolicy
from hunter_pipeline.pipeline.sign_in import open_sign_in
from hunter_pipeline.sandbox import Fault, SandboxOptions
from hunter_pipeline.sandbox.app import endpoint_of
from hunter_pipeline_tests.warehouse.office import Office

REFERRALS, PAGE = 6, 2
OPTIONS = SandboxOptions(referrals=REFERRALS, outgoing=0)
TRIES = 5
PLACES = ("sign-in", "first page", "middle page", "last page")
PAGES = PLACES[1:]
READ_SECONDS = 0.15
"""How long a case waits for an answer that is not to come; in production, and in every other case, 30 seconds."""

AUTH, LIMIT, NETWORK = "PartnerCenterAuthError", "PartnerCenterRateLimitError", "PartnerCenterNetworkError"
SERVER, CLIENT, RESPONSE = "PartnerCenterServerError", "PartnerCenterClientError", "PartnerCenterResponseError"
EXIT_CODES = {None: 0, AUTH: 3, LIMIT: 4, NETWORK: 5, SERVER: 5, CLIENT: 5, RESPONSE: 5}
SETTLE_SECONDS = 0.02
Span = tuple[float, float]
BACKOFF: tuple[Span, ...] = ((1, 1.5), (2, 3), (4, 6), (8, 12))


@dataclass(frozen=True, kw_only=True)
class Case:
    """
    One fault at one place, and what must come of it.

    row:    of the contract's table. what, when: the fault and when it strikes, in words.
    error:  type of the sync's error, None where the sync gets over it.
    tries:  requests to the struck place. waits: bounds of each wait in seconds.
    kept:   referrals that stay read although the sync fails.
    status: what error and events say, None where no answer came.
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

    @property
    def lasting(self) -> bool:
        """Whether the sync fails for it."""
        return self.error is not None

    @property
    def name(self) -> str:
        """For the list of tests."""
        return f"{self.what}, {self.when}, {'lasting' if self.lasting else 'passing'}, {self.place}"


@dataclass
class Observed:
    """What came of a case: summary, exit code, waits, events, rows; and of the sync after one that failed."""

    summary: dict[str, Any]
    exit_code: int
    tries: int
    waits: list[float]
    events: list[dict[str, Any]]
    kept: int
    refreshes: int
    next_summary: dict[str, Any] = field(default_factory=dict)
    rows_after: int = 0


def complaints(case: Case, seen: Observed) -> list[str]:
    """How what was seen differs from what must be; empty where the case is survived."""
    error = seen.summary["error"] or {}
    retries = [event for event in seen.events if event["event"] == "partner_center_retry"]
    failed = [event for event in seen.events if event["event"] == "partner_center_sync_failed"]
    next_sync = seen.next_summary
    in_bounds = len(seen.waits) == len(case.waits) and all(
        low <= wait <= high for wait, (low, high) in zip(seen.waits, case.waits, strict=False)
    )
    claims = {
        f"status {seen.summary['status']}": seen.summary["status"] == ("failed" if case.lasting else "success"),
        f"error {error.get('type')}": error.get("type") == case.error,
        f"exit code {seen.exit_code}": seen.exit_code == EXIT_CODES[case.error],
        f"{seen.tries} tries": seen.tries == case.tries,
        f"waits {seen.waits}": in_bounds,
        f"{seen.refreshes} refreshes": seen.refreshes == case.refreshes,
        f"{seen.kept} kept": seen.kept == case.kept,
        f"status code {error.get('status_code')}": not case.lasting or error.get("status_code") == case.status,
        "request id": not case.lasting or bool(error.get("request_id")) == _names_request(case),
        f"events {retries}": [event["attempt"] for event in retries] == list(range(1, len(case.waits) + 1)),
        "events' facts": all(_tells(case, event) for event in [*retries, *failed]),
        f"{len(failed)} failures logged": len(failed) == case.lasting,
        f"next sync {next_sync.get('status')}": not case.lasting or next_sync["status"] == "success",
        f"next sync read {next_sync.get('fetched')}": not case.lasting
        or next_sync["fetched"] <= REFERRALS - max(case.kept - PAGE, 0),
        f"{seen.rows_after} rows after": seen.rows_after == REFERRALS,
    }
    return [claim for claim, holds in claims.items() if not holds]


def _names_request(case: Case) -> bool:
    """Partner Center names every answer; Entra and a connection that broke name none."""
    return case.status is not None and case.place != "sign-in"


def _tells(case: Case, event: dict[str, Any]) -> bool:
    facts = {"status_code", "request_id", "attempt", "retry_after"} <= event.keys()
    return facts and event["status_code"] == case.status and bool(event["request_id"]) == _names_request(case)


class Clock:
    """A clock that a wait moves forward without waiting; `seconds` are the waits."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.at_wait: Any = None

    def sleep(self, seconds: float) -> None:
        self.seconds.append(seconds)
        if self.at_wait is not None:
            self.at_wait(len(self.seconds))

    def now(self) -> float:
        return monotonic() + sum(self.seconds)


class _Client(PartnerCenterClient):
    """A client under whose feet the server goes away behind a page."""

    office: Office
    gone_behind: int | None = None
    settle = 0.0

    def pages(self, **question: Any) -> Iterator[Any]:
        if self.gone_behind == 0:
            self.office.sandbox.stop()
        for page in super().pages(**question):
            yield page
            sleep(self.settle)
            if page.number == self.gone_behind:
                self.office.sandbox.stop()


def run(case: Case, office: Office) -> Observed:
    """A first sync that meets the fault, then one without it. The office is signed in; its variables are set."""
    office.reset()
    clock = Clock()
    _let_the_token_expire() if case.place == "sign-in" else None
    client = _client(
        office, clock, replace(DEFAULT_POLICY, read=READ_SECONDS) if case.what == "timed out" else DEFAULT_POLICY
    )
    client.settle = SETTLE_SECONDS if "after" in case.when else 0.0
    if case.fault is not None:
        office.sandbox.fail(case.fault)
    if case.refused:
        client.gone_behind = max(PLACES.index(case.place) - 1, 0)
        clock.at_wait = None if case.lasting else lambda number: number == TRIES - 1 and office.sandbox.start()
    with capture_logs() as events:
        summary = office.sync(page_size=PAGE, client=client)
    asked = [endpoint_of(request.path, request.query) for request in office.sandbox.requests]
    struck = ("token", None) if case.place == "sign-in" else ("list", PLACES.index(case.place))
    seen = Observed(
        summary=summary,
        exit_code=_exit_code(summary),
        tries=len(clock.seconds) + 1 if case.refused else asked.count(struck),
        waits=clock.seconds,
        events=[dict(event) for event in events],
        kept=office.value("select count(*) from raw_referrals"),
        refreshes=asked.count(("token", None)) if case.place != "sign-in" else 0,
    )
    office.sandbox.clear_faults()
    if case.refused and case.lasting:
        office.sandbox.start()
    if case.lasting:
        seen.next_summary = office.sync(page_size=PAGE, client=_client(office, Clock(), DEFAULT_POLICY))
    seen.rows_after = office.value("select count(*) from partner_center_referrals where missing_since is null")
    return seen


def _client(office: Office, clock: Clock, policy: RetryPolicy) -> _Client:
    http = Http(policy, sleep=clock.sleep, clock=clock.now)
    settings = load_settings()
    client = _Client(http, open_sign_in(settings, http), settings.partner_center_api_url)
    client.office = office
    return client


def _exit_code(summary: dict[str, Any]) -> int:
    """What `hunter sync` would have ended with."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        return report(Outcome(summary), as_json=False)


def _let_the_token_expire() -> None:
    """The file's access token is over, its refresh token is good."""
    path = load_settings().token_cache
    sections = simplejson.loads(path.read_text(encoding="utf-8"))
    for entry in sections["AccessToken"].values():
        entry["expires_on"] = "1"
    path.write_text(simplejson.dumps(sections), encoding="utf-8")


def cases() -> list[Case]:
    """The whole matrix."""
    return [*_throttled(), *_retry_after(), *_broken_off(), *_unauthorized(), *_refused(), *_unreadable(), *_links()]


def _fault(place: str, kind: str, **more: Any) -> Fault:
    if place == "sign-in":
        return Fault(where="token", kind=kind, **more)
    return Fault(where="list", kind=kind, page=PLACES.index(place), **more)


def _kept(place: str) -> int:
    """What was read before the place was struck for good."""
    return max(PLACES.index(place) - 1, 0) * PAGE


WHENS = {"whole answer": None, "breaks off mid-body": "body", "closes after it": "after"}


def _throttled() -> Iterator[Case]:
    errors = {429: LIMIT, 503: SERVER, 509: LIMIT, 500: SERVER, 502: SERVER, 504: SERVER}
    for (status, error), (when, breaks), place, lasting in product(
        errors.items(), WHENS.items(), PLACES, (False, True)
    ):
        if breaks and status in (509, 502, 504):
            continue
        yield Case(
            row="429, 503, 509" if status in (429, 503, 509) else "other 5xx",
            what=str(status),
            when=when,
            place=place,
            fault=_fault(place, str(status), breaks=breaks, times=None if lasting else TRIES - 1),
            error=error if lasting else None,
            tries=TRIES,
            waits=BACKOFF,
            kept=_kept(place) if lasting else REFERRALS,
            status=status,
        )


def _retry_after() -> Iterator[Case]:
    wishes: dict[str, tuple[str, Span, Span]] = {
        "7 seconds": ("7", (7, 7), (7, 7)),
        "a date in 20 s": (formatdate(time() + 20, usegmt=True), (0, 20), (0, 60)),
        "an hour": ("3600", (60, 60), (60, 60)),
        "negative": ("-5", *BACKOFF[:2]),
        "garbage": ("soon", *BACKOFF[:2]),
        "a date gone by": ("Wed, 21 Oct 2015 07:28:00 GMT", *BACKOFF[:2]),
    }
    for status, place, (words, (value, *waits)) in product((429, 503, 509), PLACES, wishes.items()):
        if status != 429 and place != "middle page":
            continue
        for breaks in (None, "body") if words == "7 seconds" else (None,):
            yield Case(
                row="429, 503, 509",
                what=f"{status}, Retry-After: {words}",
                when="breaks off mid-body" if breaks else "whole answer",
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
    for ((what, when), fault), place, lasting in product(ways.items(), PLACES, (False, True)):
        yield Case(
            row="refused, reset, timed out, cut off",
            what=what,
            when=when,
            place=place,
            fault=_fault(place, **fault, times=None if lasting else TRIES - 1) if fault else None,
            error=NETWORK if lasting else None,
            tries=TRIES,
            waits=BACKOFF,
            kept=_kept(place) if lasting else REFERRALS,
            refused=not fault,
        )
    for place in PAGES:
        yield Case(
            row="refused, reset, timed out, cut off",
            what="closed",
            when="after a good answer",
            place=place,
            fault=_fault(place, "good", breaks="after", times=1),
            error=None,
            tries=1,
        )


def _unauthorized() -> Iterator[Case]:
    for (when, breaks), place, lasting in product(WHENS.items(), PAGES, (False, True)):
        yield Case(
            row="401",
            what="401",
            when=when,
            place=place,
            fault=_fault(place, "401", breaks=breaks, times=None if lasting else 1),
            error=AUTH if lasting else None,
            tries=2,
            kept=_kept(place) if lasting else REFERRALS,
            status=401,
            refreshes=1,
        )
    for place in PAGES:
        yield Case(
            row="401",
            what="401 with 900421",
            when="whole answer",
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
            when="whole answer",
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
            continue  # half of Entra's refusal tells nothing: see _unreadable
        if (status, breaks) in ((400, "body"), (410, "body"), (410, "after")):
            continue
        yield Case(
            row="403" if status == 403 else "other 4xx",
            what=str(status),
            when=when,
            place=place,
            fault=_fault(place, str(status), breaks=breaks),
            error=AUTH if status == 403 or place == "sign-in" else CLIENT,
            # a 400 of the first page may mean its filter, so it is asked for without one
            tries=2 if status == 400 and place == "first page" else 1,
            kept=_kept(place),
            status=status,
        )


def _unreadable() -> Iterator[Case]:
    everywhere = {"html": "an HTML page", "empty": "nothing", "malformed": "half a JSON", "not_an_object": "a list"}
    on_pages = {"no_value": "no `value`", "value_not_list": "`value` is no list"}
    kinds = [*product(everywhere.items(), PLACES), *product(on_pages.items(), PAGES)]
    for (kind, words), place in [*kinds, *product([("redirect", "a redirect")], PLACES)]:
        yield Case(
            row="not JSON, no `value` list, a repeated or foreign `nextLink`",
            what=words,
            when="whole answer",
            place=place,
            fault=_fault(place, kind),
            error=RESPONSE,
            tries=1,
            kept=_kept(place),
            status=302 if kind == "redirect" else 200,
        )


def _links() -> Iterator[Case]:
    kinds = {"repeat_next": "a repeated", "foreign_next": "a foreign", "bad_next": "a senseless"}
    for (kind, words), place in product(kinds.items(), PAGES):
        first_again = kind == "repeat_next" and place == "first page"  # it has no token yet: read twice, then it shows
        yield Case(
            row="not JSON, no `value` list, a repeated or foreign `nextLink`",
            what=f"{words} nextLink",
            when="with its page",
            place=place,
            fault=_fault(place, kind),
            error=RESPONSE,
            tries=2 if first_again else 1,
            kept=_kept(place) + PAGE,
            status=200,
        )


def use(office: Office) -> None:
    """Set the office's variables in this process; its database need not survive a power cut."""
    os.environ.update(office.environment)
    hurry(office)


def hurry(office: Office) -> None:
    """Nobody pulls the plug on this database: commits need not wait for the disk."""
    [row] = office.rows("select current_database() as name")
    office.execute(f"alter database {row['name']} set synchronous_commit = off")
