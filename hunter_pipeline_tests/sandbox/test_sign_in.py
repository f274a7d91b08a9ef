"""How a person signs in, stays signed in, and stops being so."""

import threading
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msal
import pytest

from hunter_pipeline.sandbox import Fault
from hunter_pipeline.sandbox.options import USERNAME
from hunter_pipeline_tests.sandbox.conftest import SCOPES, Client, Start
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS


def refresh(client: Client, token: str) -> dict[str, Any]:
    """Redeem a refresh token by hand."""
    form = {
        "grant_type": "refresh_token",
        "client_id": client.sandbox.client_id,
        "refresh_token": token,
        "scope": SCOPES[0],
    }
    return client.call("POST", f"/{client.sandbox.tenant_id}/oauth2/v2.0/token", data=form).json()


def accepted(client: Client, token: str) -> bool:
    """Whether the API takes this access token."""
    return client.get(Authorization=f"Bearer {token}").status_code == 200


def test_device_code_gives_an_account_and_a_token_that_the_api_takes(start: Start) -> None:
    """MSAL signs in by device code, knows who it was, and the API takes the token."""
    client = start()
    app = client.app()
    result = client.sign_in(app)
    assert accepted(client, result["access_token"])
    assert result["id_token_claims"]["aud"] == client.sandbox.client_id
    assert [account["username"] for account in app.get_accounts()] == [USERNAME]


def test_silent_sign_in_uses_the_cache_and_then_refreshes(start: Start) -> None:
    """A second process takes the access token from the cache file, and a forced refresh gets another."""
    client = start()
    cache = msal.SerializableTokenCache()
    first = client.sign_in(client.app(cache))
    restored = msal.SerializableTokenCache()
    restored.deserialize(cache.serialize())
    app = client.app(restored)
    account = app.get_accounts()[0]
    assert app.acquire_token_silent(SCOPES, account)["access_token"] == first["access_token"]
    forced = app.acquire_token_silent_with_error(SCOPES, account, force_refresh=True)
    assert forced["access_token"] != first["access_token"]
    assert accepted(client, forced["access_token"])


def test_refresh_tokens_rotate_and_the_old_one_still_works(start: Start) -> None:
    """Each refresh hands out another refresh token, and the one before is not void at once."""
    client = start()
    first = client.sign_in(client.app())["refresh_token"]
    second = refresh(client, first)["refresh_token"]
    assert first != second
    assert "access_token" in refresh(client, first)
    assert "access_token" in refresh(client, second)


def test_revoked_refresh_tokens_are_refused(start: Start) -> None:
    """After a revocation refreshing answers AADSTS50173, and a new sign-in works."""
    client = start()
    app = client.app()
    token = client.sign_in(app)["refresh_token"]
    client.sandbox.revoke_tokens()
    answer = refresh(client, token)
    assert (answer["error"], answer["error_codes"]) == ("invalid_grant", [50173])
    assert "AADSTS50173" in answer["error_description"]
    assert "access_token" in client.sign_in(app)


def test_refresh_tokens_expire(start: Start) -> None:
    """A refresh token that is too old is refused with AADSTS700082."""
    client = start(refresh_token_seconds=-1)
    assert refresh(client, client.sign_in(client.app())["refresh_token"])["error_codes"] == [700082]


def test_forged_refresh_tokens_are_refused(start: Start) -> None:
    """A token that was not signed here is an invalid grant."""
    assert refresh(start(), "a.b.c")["error"] == "invalid_grant"


@pytest.mark.parametrize("way", ["aged", "voided"])
def test_expired_access_tokens_are_refused_until_refreshed(start: Start, way: str) -> None:
    """An expired access token is answered 401, and the refresh token still gives a good one."""
    client = start(access_token_seconds=-1 if way == "aged" else 3600)
    result = client.sign_in(client.app())
    if way == "voided":
        client.sandbox.expire_access_tokens()
        assert accepted(client, refresh(client, result["refresh_token"])["access_token"])
    assert not accepted(client, result["access_token"])


def test_mfa_can_only_be_satisfied_by_a_new_sign_in(start: Start) -> None:
    """Once MFA is required the API answers 900421, refreshing does not help, signing in does."""
    client = start()
    app = client.app()
    result = client.sign_in(app)
    client.sandbox.require_mfa()
    refreshed = refresh(client, result["refresh_token"])
    for token in (result["access_token"], refreshed["access_token"]):
        answer = client.get(Authorization=f"Bearer {token}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "900421")
    assert accepted(client, client.sign_in(app)["access_token"])


def test_tokens_survive_a_restart(start: Start) -> None:
    """Another sandbox of the same seed takes the tokens of the first, one of another seed does not."""
    first = start()
    token = first.sign_in(first.app())["access_token"]
    first.sandbox.stop()
    assert accepted(start(), token)
    assert not accepted(start(seed=7), token)


def test_a_person_approves_the_code_on_the_page(start: Start) -> None:
    """Without auto-approval polling is pending until the code is typed into the page's labelled field."""
    client = start(auto_approve=False)
    app = client.app()
    flow = app.initiate_device_flow(SCOPES)
    assert flow["interval"] == 1
    assert app.acquire_token_by_device_flow(flow, exit_condition=lambda _flow: True)["error"] == "authorization_pending"
    page = client.call("GET", urlsplit(flow["verification_uri"]).path).text
    assert '<label for="code">Code</label>' in page
    assert "did not work" in client.call("POST", "/devicelogin", data={"code": "WRONG<b>"}).text
    assert "Signed in as" in client.call("POST", "/devicelogin", data={"code": flow["user_code"].lower()}).text
    flow["latest_attempt_at"] = 0
    assert "access_token" in app.acquire_token_by_device_flow(flow, exit_condition=lambda _flow: True)


def test_a_person_can_decline_and_codes_expire(start: Start) -> None:
    """A declined code and one that was left lying are refused, each with its own error."""
    client = start(auto_approve=False)
    app = client.app()
    flow = app.initiate_device_flow(SCOPES)
    client.call("POST", "/devicelogin", data={"code": flow["user_code"], "answer": "decline"})
    assert (
        app.acquire_token_by_device_flow(flow, exit_condition=lambda _flow: True)["error"] == "authorization_declined"
    )
    late = start(device_code_seconds=-1)
    app = late.app()
    flow = app.initiate_device_flow(SCOPES) | {"expires_at": 2**40}
    assert app.acquire_token_by_device_flow(flow, exit_condition=lambda _flow: True)["error"] == "expired_token"


def test_conditional_access_blocks_the_device_code(start: Start) -> None:
    """Where the tenant blocks device code, or a fault says so, the AADSTS number is in the answer."""
    client = start(block_device_code=True)
    assert client.sign_in(client.app())["error_codes"] == [530036]
    other = start(faults=[Fault(where="token", kind="AADSTS53003", times=1)])
    assert other.sign_in(other.app())["error_codes"] == [53003]
    assert "access_token" in other.sign_in(other.app())


@pytest.mark.parametrize("auto_approve", [True, False])
def test_sign_in_by_browser_with_pkce(start: Start, auto_approve: bool) -> None:
    """Authorization code with PKCE on a localhost redirect ends in a token, after a click where one is asked for."""
    client = start(auto_approve=auto_approve)
    app = client.app()
    flow = app.initiate_auth_code_flow(SCOPES, redirect_uri="http://localhost:8400", response_mode="form_post")
    url = flow["auth_uri"]
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    asked["response_mode"] = "query"
    path = urlsplit(url).path
    if not auto_approve:
        assert "Approve</button>" in client.call("GET", path, params=asked).text
    method, sent = ("GET", "params") if auto_approve else ("POST", "data")
    answer = client.call(method, path, allow_redirects=False, **{sent: asked})
    assert answer.status_code == 302
    returned = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    result = app.acquire_token_by_auth_code_flow(flow, returned)
    assert accepted(client, result["access_token"])
    again = app.acquire_token_by_auth_code_flow(flow, returned)
    assert again["error_codes"] == [54005]


def test_interactive_sign_in_of_msal(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """MSAL's acquire_token_interactive works with a browser that submits the form, as any browser does."""
    client = start()

    def browse(url: str, **_: Any) -> bool:
        # In a thread, because MSAL listens for the form only after the browser was opened.
        threading.Thread(target=submit, args=(url,)).start()
        return True

    def submit(url: str) -> None:
        page = client.session.get(url, timeout=DEADLINE_SECONDS).text
        form = {name: page.split(f'name="{name}" value="')[1].split('"')[0] for name in ("code", "state")}
        target = page.split('action="')[1].split('"')[0]
        client.session.post(target, data=form, timeout=DEADLINE_SECONDS)

    monkeypatch.setattr("msal.oauth2cli.authcode._browse", browse)
    result = client.app().acquire_token_interactive(SCOPES, timeout=DEADLINE_SECONDS)
    assert accepted(client, result["access_token"])


def test_a_code_never_goes_to_another_machine(start: Start) -> None:
    """A redirect to anything but localhost is refused with AADSTS50011."""
    client = start()
    asked = {
        "redirect_uri": "https://attacker.example.net/",
        "response_type": "code",
        "client_id": client.sandbox.client_id,
    }
    answer = client.call(
        "GET", f"/{client.sandbox.tenant_id}/oauth2/v2.0/authorize", params=asked, allow_redirects=False
    )
    assert (answer.status_code, "AADSTS50011" in answer.text) == (400, True)


def test_unknown_tenants_and_applications_are_refused(start: Start) -> None:
    """MSAL cannot start with a wrong tenant, and a wrong application is an unauthorized client."""
    client = start()
    answer = client.call("POST", f"/{client.sandbox.tenant_id}/oauth2/v2.0/devicecode", data={"client_id": "other"})
    assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized_client")
    with pytest.raises(ValueError, match="authority configuration"):
        msal.PublicClientApplication(
            client.sandbox.client_id,
            authority=f"{client.sandbox.url}/00000000-0000-0000-0000-000000000000",
            instance_discovery=False,
            http_client=client.session,
        )
