"""Test the client against the sandbox: the contract's table of HTTP behaviour at each page, paging, and the probe."""

import itertools
import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hunter_pipeline import errors
from hunter_pipeline.partner_center.auth import SignIn
from hunter_pipeline.partner_center.client import PartnerCenterClient
from hunter_pipeline.partner_center.http import DEFAULT_POLICY
from hunter_pipeline.partner_center.pagination import MAX_PAGES_WITHOUT_PROGRESS
from hunter_pipeline.sandbox import Fault, Sandbox
from hunter_pipeline_tests.partner_center.conftest import FakeClock, client_of
from hunter_pipeline_tests.partner_center.pages import parsed_items
from hunter_pipeline_tests.partner_center.raw_server import RawServer, Step, respond

Serve = Callable[..., RawServer]
PAGES, TRIES = 3, 5
RETRIED = {
    "429": errors.PartnerCenterRateLimitError,
    "509": errors.PartnerCenterRateLimitError,
    "500": errors.PartnerCenterServerError,
    "502": errors.PartnerCenterServerError,
    "503": errors.PartnerCenterServerError,
    "504": errors.PartnerCenterServerError,
    "drop": errors.PartnerCenterNetworkError,
    "cut": errors.PartnerCenterNetworkError,
}
NOT_RETRIED = {
    "400": errors.PartnerCenterClientError,
    "404": errors.PartnerCenterClientError,
    "403": errors.PartnerCenterAuthError,
    "redirect": errors.PartnerCenterResponseError,
    "html": errors.PartnerCenterResponseError,
    "empty": errors.PartnerCenterResponseError,
    "malformed": errors.PartnerCenterResponseError,
    "no_value": errors.PartnerCenterResponseError,
    "value_not_list": errors.PartnerCenterResponseError,
    "not_an_object": errors.PartnerCenterResponseError,
}
BAD_LINKS = ("repeat_next", "foreign_next", "bad_next")


def read(client: PartnerCenterClient) -> tuple[int, errors.PartnerCenterError | None]:
    """Return how many pages were read, and the error that ended them."""
    pages = 0
    try:
        for page in client.pages(direction="Incoming", page_size=2):
            pages += bool(page.items)
    except errors.PartnerCenterError as error:
        return pages, error
    return pages, None


def list_requests(sandbox: Sandbox) -> int:
    return sum(request.path.endswith("/referrals") for request in sandbox.requests)


@pytest.mark.parametrize("page", [1, 2, 3])
@pytest.mark.parametrize("kind", RETRIED)
def test_pages_are_complete_when_a_failure_passes(
    kind: str, page: int, client: PartnerCenterClient, sandbox: Sandbox, clock: FakeClock
) -> None:
    """Four failures of a page are followed by a fifth try, after four growing waits."""
    sandbox.fail(Fault(where="list", kind=kind, page=page, times=TRIES - 1))
    with capture_logs() as events:
        assert read(client) == (PAGES, None)
    assert (client.requests, client.retries, len(sandbox.requests)) == (PAGES + 4, 4, PAGES + 4)
    lows = (1, 2, 4, 8)
    assert all(low <= wait <= low * 1.5 for low, wait in zip(lows, clock.waits, strict=True))
    retries = [event for event in events if event["event"] == "partner_center_retry"]
    assert [event["attempt"] for event in retries] == [1, 2, 3, 4]
    assert {event["status_code"] for event in retries} == {int(kind) if kind.isdigit() else None}
    assert all(bool(event["request_id"]) == kind.isdigit() for event in retries)


@pytest.mark.parametrize("page", [1, 2, 3])
@pytest.mark.parametrize("kind", RETRIED)
def test_read_fails_after_five_tries_of_a_page(
    kind: str, page: int, client: PartnerCenterClient, sandbox: Sandbox, clock: FakeClock
) -> None:
    """The fifth failure of a page is the error of its kind, and the pages before it were yielded."""
    sandbox.fail(Fault(where="list", kind=kind, page=page))
    pages, error = read(client)
    assert error is not None
    assert type(error) is RETRIED[kind]
    assert pages == page - 1
    assert (error.attempt, error.status_code) == (TRIES, int(kind) if kind.isdigit() else None)
    assert bool(error.request_id) == kind.isdigit()
    assert error.is_transient
    assert error.hint
    assert (client.requests, client.retries, len(clock.waits)) == (page - 1 + TRIES, TRIES - 1, TRIES - 1)


@pytest.mark.parametrize("page", [1, 2, 3])
@pytest.mark.parametrize("kind", NOT_RETRIED)
def test_read_fails_at_once_when_a_retry_cannot_help(
    kind: str, page: int, client: PartnerCenterClient, sandbox: Sandbox, clock: FakeClock
) -> None:
    """One try of such a page, no wait, the error of its kind with status and request id."""
    sandbox.fail(Fault(where="list", kind=kind, page=page))
    pages, error = read(client)
    assert error is not None
    assert type(error) is NOT_RETRIED[kind]
    assert pages == page - 1
    assert (client.requests, client.retries, clock.waits) == (page, 0, [])
    assert error.status_code == (int(kind) if kind.isdigit() else 302 if kind == "redirect" else 200)
    assert error.request_id
    assert "sandbox" not in str(error)


@pytest.mark.parametrize("page", [1, 2, 3])
@pytest.mark.parametrize("kind", BAD_LINKS)
def test_page_is_yielded_when_its_next_link_is_bad(
    kind: str, page: int, client: PartnerCenterClient, sandbox: Sandbox, clock: FakeClock
) -> None:
    """The page with a repeated, foreign or meaningless nextLink is yielded, then the read fails."""
    sandbox.fail(Fault(where="list", kind=kind, page=page))
    pages, error = read(client)
    assert type(error) is errors.PartnerCenterResponseError
    # The first page has no token to repeat yet: it is read a second time before the loop shows.
    expected = page + (kind == "repeat_next" and page == 1)
    assert (pages, client.requests, clock.waits) == (expected, expected, [])


@pytest.mark.parametrize("kind", RETRIED)
@pytest.mark.parametrize("place", ["openid", "devicecode", "token"])
def test_sign_in_is_retried_like_a_page(
    kind: str, place: str, sign_in: SignIn, sandbox: Sandbox, clock: FakeClock
) -> None:
    sandbox.fail(Fault(where=place, kind=kind))
    with pytest.raises(RETRIED[kind]) as caught:
        sign_in.login_device_code(lambda *_: None)
    assert (caught.value.attempt, len(clock.waits)) == (TRIES, TRIES - 1)
    assert sum(request.path.endswith(place) or place == "openid" for request in sandbox.requests) == TRIES
    sandbox.clear_faults()
    sandbox.fail(Fault(where=place, kind=kind, times=1))
    # A device code whose response was cut off is used up.
    if kind != "cut" or place != "token":
        assert sign_in.login_device_code(lambda *_: None).username


@pytest.mark.parametrize("kind", ["html", "empty", "malformed", "redirect", "not_an_object"])
@pytest.mark.parametrize("place", ["openid", "devicecode", "token"])
def test_unreadable_sign_in_is_a_response_error(kind: str, place: str, sign_in: SignIn, sandbox: Sandbox) -> None:
    """A captive portal in place of Entra is no crash within MSAL."""
    sandbox.fail(Fault(where=place, kind=kind))
    with pytest.raises(errors.PartnerCenterResponseError) as caught:
        sign_in.login_device_code(lambda *_: None)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("status", "asked", "waited"), [("429", "7", 7), ("503", "7", 7), ("509", "7", 7), ("429", "3600", 60)]
)
def test_retry_after_is_followed_up_to_a_minute(  # noqa: PLR0917
    status: str, asked: str, waited: float, client: PartnerCenterClient, sandbox: Sandbox, clock: FakeClock
) -> None:
    sandbox.fail(Fault(where="list", kind=status, times=2, retry_after=asked))
    assert read(client) == (PAGES, None)
    assert clock.waits == [waited, waited]


def test_error_reports_retry_after(client: PartnerCenterClient, sandbox: Sandbox) -> None:
    sandbox.fail(Fault(where="list", kind="429", retry_after="30"))
    _, error = read(client)
    assert error is not None
    assert (error.retry_after, error.code, error.exit_code) == (30, "tooManyRequests", 4)


def test_refused_filter_is_recognizable(sandbox: Sandbox, client: PartnerCenterClient) -> None:
    """The caller can fall back on the status 400 and the code; there is no retry."""
    sandbox.fail(Fault(where="list", kind="400", times=1))
    with pytest.raises(errors.PartnerCenterClientError) as caught:
        next(client.pages(updated_since="2026-01-01T00:00:00.0000000Z"))
    assert (caught.value.status_code, caught.value.code, client.requests) == (400, "invalidRequest", 1)


def test_expired_token_is_refreshed_once(client: PartnerCenterClient, sandbox: Sandbox, clock: FakeClock) -> None:
    """A 401 costs one forced refresh and one repeated request, without a wait."""
    sandbox.fail(Fault(where="list", kind="401", page=2, times=1))
    assert read(client) == (PAGES, None)
    lists = [request for request in sandbox.requests if request.path.endswith("/referrals")]
    refreshes = [request for request in sandbox.requests if request.form.get("grant_type") == "refresh_token"]
    assert (len(lists), len(refreshes), clock.waits) == (PAGES + 1, 1, [])
    assert lists[1].headers["authorization"] != lists[2].headers["authorization"]


@pytest.mark.parametrize(
    ("code", "hint"), [(None, "Sign in again: hunter auth login."), ("900421", "MFA"), ("insufficient_claims", "MFA")]
)
def test_second_401_is_an_auth_error(
    code: str | None, hint: str, client: PartnerCenterClient, sandbox: Sandbox
) -> None:
    """After the one repeated request the person has to sign in, with MFA if that is missing."""
    sandbox.fail(Fault(where="list", kind="401", code=code))
    pages, error = read(client)
    assert type(error) is errors.PartnerCenterAuthError
    assert (pages, error.status_code, error.exit_code) == (0, 401, 3)
    assert hint in str(error.hint)
    assert list_requests(sandbox) == 2
    assert code != "900421" or "900421" in str(error)


def test_403_names_the_missing_role(client: PartnerCenterClient, sandbox: Sandbox) -> None:
    """A 403 asks for the role; with insufficient claims it asks for another sign-in."""
    sandbox.fail(Fault(where="list", kind="403", times=1))
    assert "Referrals admin" in str(read(client)[1].hint)  # type: ignore[union-attr]
    sandbox.fail(Fault(where="list", kind="403", times=1, code="insufficient_claims"))
    assert "MFA" in str(read(client)[1].hint)  # type: ignore[union-attr]


def test_probe_is_tried_twice(client: PartnerCenterClient, sandbox: Sandbox, clock: FakeClock) -> None:
    """The sensor's request has its own policy, and a page afterwards is tried five times again."""
    assert str(client.newest_update("Incoming")).endswith("Z")
    assert client.newest_update("Outgoing") is None
    sandbox.fail(Fault(where="list", kind="503"))
    with pytest.raises(errors.PartnerCenterServerError) as caught:
        client.newest_update()
    assert caught.value.attempt == 2
    assert read(client)[1].attempt == TRIES  # type: ignore[union-attr]
    assert sandbox.requests[0].query == {
        "$filter": "direction eq 'Incoming'",
        "$orderby": "updatedDateTime desc",
        "$top": "1",
    }


def test_tries_before_a_refresh_count(client: PartnerCenterClient, sandbox: Sandbox, clock: FakeClock) -> None:
    """A 401 between failures gives a page no five further tries, but always the one repeated request."""
    for kind, times in (("503", 3), ("401", 1), ("503", 9)):
        sandbox.fail(Fault(where="list", kind=kind, times=times))
    with pytest.raises(errors.PartnerCenterServerError) as caught:
        next(client.pages())
    assert (list_requests(sandbox), caught.value.attempt, len(clock.waits)) == (5, 5, 3)
    sandbox.clear_faults()
    sandbox.requests.clear()
    for kind, times in (("503", 4), ("401", 1)):
        sandbox.fail(Fault(where="list", kind=kind, times=times))
    assert next(client.pages()).items
    assert list_requests(sandbox) == 6


def test_time_before_a_refresh_counts(client: PartnerCenterClient, sandbox: Sandbox, clock: FakeClock) -> None:
    """Waits before a 401 and at the refresh are part of the page's total time."""
    for where, kind, times in (("list", "429", 3), ("list", "401", 1), ("token", "429", 9)):
        sandbox.fail(Fault(where=where, kind=kind, times=times, retry_after="60"))
    with pytest.raises(errors.PartnerCenterRateLimitError):
        next(client.pages())
    assert sum(clock.waits) <= DEFAULT_POLICY.total


@pytest.mark.parametrize("status", [401, 400, 403, 404])
def test_next_request_needs_no_retry_when_a_refusal_closed_the_connection(
    status: int, client: PartnerCenterClient, sandbox: Sandbox, clock: FakeClock
) -> None:
    for _ in range(5):
        sandbox.fail(Fault(where="list", kind=str(status), times=1, breaks="after"))
        try:
            assert next(client.pages()).items
        except errors.PartnerCenterError as error:
            assert error.status_code == status
            assert next(client.pages()).items
    assert (client.retries, clock.waits) == (5 * (status == 401), [])


def endless_pages(items: Callable[[int], list[object]]) -> Step:
    """Return a step that responds with pages that always link to a new page."""
    numbers = itertools.count(1)

    def step(connection: socket.socket) -> None:
        number = next(numbers)
        page = {"value": items(number), "@odata.nextLink": f"?page={number}"}
        respond(200, page)(connection)  # type: ignore[arg-type]

    return step


@pytest.mark.parametrize(
    ("items", "distinct"),
    [
        (lambda _: [], 0),
        (lambda _: [{"id": "1", "updatedDateTime": "2026-01-01T00:00:00Z"}, 7], 1),
        (lambda number: [{"id": str(number % 3)}], 3),
    ],
    ids=["empty", "the same", "in turns"],
)
def test_read_fails_when_pages_make_no_progress(
    items: Callable[[int], list[object]], distinct: int, serve: Serve, tmp_path: Path, clock: FakeClock
) -> None:
    """A read ends after a hundred pages in a row that are empty or known; what was yielded stays."""
    server = serve(endless_pages(items))
    read_items: list[object] = []
    with (
        client_of(server, tmp_path, clock) as client,
        pytest.raises(errors.PartnerCenterResponseError, match="100th in a row without anything new") as caught,
    ):
        for page in client.pages():
            read_items += parsed_items(page)
    assert len(server.heads) == MAX_PAGES_WITHOUT_PROGRESS + distinct
    assert len({json.dumps(item) for item in read_items if isinstance(item, dict)}) == distinct
    assert caught.value.request_id


def test_read_goes_on_when_new_referrals_follow_empty_pages(serve: Serve, tmp_path: Path, clock: FakeClock) -> None:
    """Ninety-nine pages without progress are followed, as often as a new version of a referral comes after them."""
    versions = 3

    def items(number: int) -> list[object]:
        version, rest = divmod(number - 1, MAX_PAGES_WITHOUT_PROGRESS)
        return [{"id": "a", "updatedDateTime": str(version)}] if rest == 0 and version < versions else []

    server = serve(endless_pages(items))
    with client_of(server, tmp_path, clock) as client, pytest.raises(errors.PartnerCenterResponseError, match="100th"):
        list(client.pages())
    assert len(server.heads) == versions * MAX_PAGES_WITHOUT_PROGRESS + 1


def test_requests_are_as_documented(serve: Serve, tmp_path: Path, clock: FakeClock) -> None:
    """OData's encoding of the query, the documented headers, a new id for each call, a nextLink's query verbatim."""
    link = "http://api.partner.microsoft.com/v1.0/referrals?$skiptoken=%2bRID%3a~a+b/c%3D%3d&$x='1'"
    server = serve(respond(200, {"value": [], "@odata.nextLink": link}), respond(200, {"value": [{"id": "1"}]}))
    with client_of(server, tmp_path, clock) as client:
        list(client.pages(updated_since="2026-01-30T12:00:00.1234567Z", direction="Incoming", page_size=50))
    first, second = server.heads
    assert first.splitlines()[0] == (
        "GET /v1.0/engagements/referrals?$filter=direction%20eq%20'Incoming'%20and%20updatedDateTime%20ge%20"
        "2026-01-30T12:00:00.1234567Z&$orderby=updatedDateTime%20asc&$top=50 HTTP/1.1"
    )
    assert second.splitlines()[0] == (
        "GET /v1.0/engagements/referrals?$skiptoken=%2BRID%3A~a+b/c%3D%3D&$x='1' HTTP/1.1"
    )
    ids = [
        line.split()[1] for head in server.heads for line in head.splitlines() if line.startswith("client-request-id")
    ]
    assert len(set(ids)) == 2
    assert "Accept: application/json" in first
