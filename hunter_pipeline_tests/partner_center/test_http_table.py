"""Every row of the contract's table of HTTP behaviour, struck at every page and at the sign-in."""

import pytest
from structlog.testing import capture_logs

from hunter_pipeline import errors
from hunter_pipeline.partner_center.auth import SignIn
from hunter_pipeline.partner_center.client import PartnerCenterClient
from hunter_pipeline.sandbox import Fault, Sandbox
from hunter_pipeline_tests.partner_center.conftest import Waits

PAGES, TRIES = 3, 5
LASTING = {
    "429": errors.PartnerCenterRateLimitError,
    "509": errors.PartnerCenterRateLimitError,
    "500": errors.PartnerCenterServerError,
    "502": errors.PartnerCenterServerError,
    "503": errors.PartnerCenterServerError,
    "504": errors.PartnerCenterServerError,
    "drop": errors.PartnerCenterNetworkError,
    "cut": errors.PartnerCenterNetworkError,
}
AT_ONCE = {
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
    """(how many pages came, the error that ended them)."""
    pages = 0
    try:
        for page in client.pages(direction="Incoming", page_size=2):
            pages += bool(page.items)
    except errors.PartnerCenterError as error:
        return pages, error
    return pages, None


@pytest.mark.parametrize("page", [1, 2, 3])
@pytest.mark.parametrize("kind", LASTING)
def test_a_passing_failure_is_outlasted(
    kind: str, page: int, client: PartnerCenterClient, sandbox: Sandbox, waits: Waits
) -> None:
    """Four failures of a page are followed by a fifth try, after four growing waits, and every page arrives."""
    sandbox.fail(Fault(where="list", kind=kind, page=page, times=TRIES - 1))
    with capture_logs() as events:
        assert read(client) == (PAGES, None)
    assert (client.requests, client.retries, len(sandbox.requests)) == (PAGES + 4, 4, PAGES + 4)
    lows = (1, 2, 4, 8)
    assert all(low <= wait <= low * 1.5 for low, wait in zip(lows, waits.seconds, strict=True))
    retries = [event for event in events if event["event"] == "partner_center_retry"]
    assert [event["attempt"] for event in retries] == [1, 2, 3, 4]
    assert {event["status_code"] for event in retries} == {int(kind) if kind.isdigit() else None}
    assert all(bool(event["request_id"]) == kind.isdigit() for event in retries)


@pytest.mark.parametrize("page", [1, 2, 3])
@pytest.mark.parametrize("kind", LASTING)
def test_a_lasting_failure_ends_after_five_tries(
    kind: str, page: int, client: PartnerCenterClient, sandbox: Sandbox, waits: Waits
) -> None:
    """The fifth failure of a page is the error of its kind, and the pages before it have been handed out."""
    sandbox.fail(Fault(where="list", kind=kind, page=page))
    pages, error = read(client)
    assert error is not None
    assert type(error) is LASTING[kind]
    assert pages == page - 1
    assert (error.attempt, error.status_code) == (TRIES, int(kind) if kind.isdigit() else None)
    assert bool(error.request_id) == kind.isdigit()
    assert error.is_transient
    assert error.hint
    assert (client.requests, client.retries, len(waits.seconds)) == (page - 1 + TRIES, TRIES - 1, TRIES - 1)


@pytest.mark.parametrize("page", [1, 2, 3])
@pytest.mark.parametrize("kind", AT_ONCE)
def test_what_no_retry_would_mend_is_not_retried(
    kind: str, page: int, client: PartnerCenterClient, sandbox: Sandbox, waits: Waits
) -> None:
    """One try of such a page, no wait, the error of its kind with status and request id."""
    sandbox.fail(Fault(where="list", kind=kind, page=page))
    pages, error = read(client)
    assert error is not None
    assert type(error) is AT_ONCE[kind]
    assert pages == page - 1
    assert (client.requests, client.retries, waits.seconds) == (page, 0, [])
    assert error.status_code == (int(kind) if kind.isdigit() else 302 if kind == "redirect" else 200)
    assert error.request_id
    assert "sandbox" not in str(error)


@pytest.mark.parametrize("page", [1, 2, 3])
@pytest.mark.parametrize("kind", BAD_LINKS)
def test_a_wrong_next_link_does_not_spoil_its_page(
    kind: str, page: int, client: PartnerCenterClient, sandbox: Sandbox, waits: Waits
) -> None:
    """The page that carries a repeated, foreign or senseless nextLink is handed out, then the reading ends."""
    sandbox.fail(Fault(where="list", kind=kind, page=page))
    pages, error = read(client)
    assert type(error) is errors.PartnerCenterResponseError
    # The first page has no token to repeat yet: it is read a second time before the loop shows.
    expected = page + (kind == "repeat_next" and page == 1)
    assert (pages, client.requests, waits.seconds) == (expected, expected, [])


@pytest.mark.parametrize("kind", LASTING)
@pytest.mark.parametrize("place", ["openid", "devicecode", "token"])
def test_signing_in_is_as_patient(kind: str, place: str, sign_in: SignIn, sandbox: Sandbox, waits: Waits) -> None:
    """The sign-in's calls outlast four failures too, and the fifth is the same error as a page's."""
    sandbox.fail(Fault(where=place, kind=kind))
    with pytest.raises(LASTING[kind]) as caught:
        sign_in.login_device_code(lambda *_: None)
    assert (caught.value.attempt, len(waits.seconds)) == (TRIES, TRIES - 1)
    assert sum(request.path.endswith(place) or place == "openid" for request in sandbox.requests) == TRIES
    sandbox.clear_faults()
    sandbox.fail(Fault(where=place, kind=kind, times=1))
    if kind != "cut" or place != "token":  # a code that was redeemed unseen is spent
        assert sign_in.login_device_code(lambda *_: None).username


@pytest.mark.parametrize("kind", ["html", "empty", "malformed", "redirect", "not_an_object"])
@pytest.mark.parametrize("place", ["openid", "devicecode", "token"])
def test_an_unreadable_sign_in_is_a_response_error(kind: str, place: str, sign_in: SignIn, sandbox: Sandbox) -> None:
    """Entra behind a captive portal is named as such, not a crash inside MSAL."""
    sandbox.fail(Fault(where=place, kind=kind))
    with pytest.raises(errors.PartnerCenterResponseError) as caught:
        sign_in.login_device_code(lambda *_: None)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("status", "asked", "waited"), [("429", "7", 7), ("503", "7", 7), ("509", "7", 7), ("429", "3600", 60)]
)
def test_retry_after_is_obeyed_and_capped(  # noqa: PLR0917
    status: str, asked: str, waited: float, client: PartnerCenterClient, sandbox: Sandbox, waits: Waits
) -> None:
    """The server's wish is the wait, up to a minute."""
    sandbox.fail(Fault(where="list", kind=status, times=2, retry_after=asked))
    assert read(client) == (PAGES, None)
    assert waits.seconds == [waited, waited]


def test_retry_after_is_on_the_error(client: PartnerCenterClient, sandbox: Sandbox) -> None:
    """Whoever shows the error can say for how long the server asked us to stay away."""
    sandbox.fail(Fault(where="list", kind="429", retry_after="30"))
    _, error = read(client)
    assert error is not None
    assert (error.retry_after, error.code, error.exit_code) == (30, "tooManyRequests", 4)


def test_a_refused_filter_is_recognizable(sandbox: Sandbox, client: PartnerCenterClient) -> None:
    """The caller falls back on the status 400 and the code, without a repeat."""
    sandbox.fail(Fault(where="list", kind="400", times=1))
    with pytest.raises(errors.PartnerCenterClientError) as caught:
        next(client.pages(updated_since="2026-01-01T00:00:00.0000000Z"))
    assert (caught.value.status_code, caught.value.code, client.requests) == (400, "invalidRequest", 1)


def test_an_expired_token_is_refreshed_once(client: PartnerCenterClient, sandbox: Sandbox, waits: Waits) -> None:
    """401 costs one forced refresh and one repeat, without a wait."""
    sandbox.fail(Fault(where="list", kind="401", page=2, times=1))
    assert read(client) == (PAGES, None)
    lists = [request for request in sandbox.requests if request.path.endswith("/referrals")]
    refreshes = [request for request in sandbox.requests if request.form.get("grant_type") == "refresh_token"]
    assert (len(lists), len(refreshes), waits.seconds) == (PAGES + 1, 1, [])
    assert lists[1].headers["authorization"] != lists[2].headers["authorization"]


@pytest.mark.parametrize(
    ("code", "says"), [(None, "Sign in again: hunter auth login."), ("900421", "MFA"), ("insufficient_claims", "MFA")]
)
def test_a_second_401_ends_it(code: str | None, says: str, client: PartnerCenterClient, sandbox: Sandbox) -> None:
    """After the one repeat it is the person's turn, with MFA where that is what is missing."""
    sandbox.fail(Fault(where="list", kind="401", code=code))
    pages, error = read(client)
    assert type(error) is errors.PartnerCenterAuthError
    assert (pages, error.status_code, error.exit_code) == (0, 401, 3)
    assert says in str(error.hint)
    assert sum(request.path.endswith("/referrals") for request in sandbox.requests) == 2
    assert code is None or code != "900421" or "900421" in str(error)


def test_403_names_the_role(client: PartnerCenterClient, sandbox: Sandbox) -> None:
    """Who may not read referrals learns which role is missing; with insufficient claims, to sign in again."""
    sandbox.fail(Fault(where="list", kind="403", times=1))
    assert "Referrals admin" in str(read(client)[1].hint)  # type: ignore[union-attr]
    sandbox.fail(Fault(where="list", kind="403", times=1, code="insufficient_claims"))
    assert "MFA" in str(read(client)[1].hint)  # type: ignore[union-attr]


def test_the_probe_is_short(client: PartnerCenterClient, sandbox: Sandbox, waits: Waits) -> None:
    """A sensor's question tries twice, and a page afterwards five times again."""
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
