"""Test sign-in, discovery, and how tokens are refreshed, expire and are revoked."""

import threading
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msal
import pytest

from hunter_pipeline.sandbox import Fault
from hunter_pipeline.sandbox.customers import ascii_domain, generate_customer
from hunter_pipeline.sandbox.options import USERNAME
from hunter_pipeline_tests.sandbox.conftest import SCOPES, Client, StartSandbox
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS


def refresh(client: Client, token: str) -> dict[str, Any]:
    """Redeem a refresh token without MSAL, and return the response."""
    form = {
        "grant_type": "refresh_token",
        "client_id": client.sandbox.client_id,
        "refresh_token": token,
        "scope": SCOPES[0],
    }
    return client.call("POST", f"/{client.sandbox.tenant_id}/oauth2/v2.0/token", data=form).json()


def is_accepted(client: Client, token: str) -> bool:
    """Return whether the API accepts this access token."""
    return client.get(Authorization=f"Bearer {token}").status_code == 200


def test_device_code_sign_in_gives_an_account_and_an_access_token(start: StartSandbox) -> None:
    client = start()
    app = client.app()
    result = client.sign_in(app)
    assert is_accepted(client, result["access_token"])
    assert result["id_token_claims"]["aud"] == client.sandbox.client_id
    assert [account["username"] for account in app.get_accounts()] == [USERNAME]


def test_silent_sign_in_uses_the_cache_before_it_refreshes(start: StartSandbox) -> None:
    """A second process finds the access token in the cache, and a forced refresh gets another."""
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
    assert is_accepted(client, forced["access_token"])


def test_refresh_tokens_rotate_and_the_old_one_stays_valid(start: StartSandbox) -> None:
    client = start()
    first = client.sign_in(client.app())["refresh_token"]
    second = refresh(client, first)["refresh_token"]
    assert first != second
    assert "access_token" in refresh(client, first)
    assert "access_token" in refresh(client, second)


def test_revoked_refresh_token_is_refused(start: StartSandbox) -> None:
    """The error is AADSTS50173, and a new sign-in works."""
    client = start()
    app = client.app()
    token = client.sign_in(app)["refresh_token"]
    client.sandbox.revoke_tokens()
    response = refresh(client, token)
    assert (response["error"], response["error_codes"]) == ("invalid_grant", [50173])
    assert "AADSTS50173" in response["error_description"]
    assert "access_token" in client.sign_in(app)


def test_expired_refresh_token_is_refused(start: StartSandbox) -> None:
    """The error is AADSTS700082."""
    client = start(refresh_token_seconds=-1)
    assert refresh(client, client.sign_in(client.app())["refresh_token"])["error_codes"] == [700082]


def test_forged_refresh_token_is_refused(start: StartSandbox) -> None:
    assert refresh(start(), "a.b.c")["error"] == "invalid_grant"


@pytest.mark.parametrize("way", ["aged", "invalidated"])
def test_expired_access_token_is_refused_until_it_is_refreshed(start: StartSandbox, way: str) -> None:
    client = start(access_token_seconds=-1 if way == "aged" else 3600)
    result = client.sign_in(client.app())
    if way == "invalidated":
        client.sandbox.expire_access_tokens()
        assert is_accepted(client, refresh(client, result["refresh_token"])["access_token"])
    assert not is_accepted(client, result["access_token"])


def test_required_mfa_needs_a_new_sign_in(start: StartSandbox) -> None:
    """The API answers 900421 to refreshed tokens, too."""
    client = start()
    app = client.app()
    result = client.sign_in(app)
    client.sandbox.require_mfa()
    refreshed = refresh(client, result["refresh_token"])
    for token in (result["access_token"], refreshed["access_token"]):
        response = client.get(Authorization=f"Bearer {token}")
        assert (response.status_code, response.json()["error"]["code"]) == (401, "900421")
    assert is_accepted(client, client.sign_in(app)["access_token"])


def test_tokens_stay_valid_after_a_restart(start: StartSandbox) -> None:
    """A sandbox of the same seed accepts the tokens of the one before, a sandbox of another seed does not."""
    first = start()
    token = first.sign_in(first.app())["access_token"]
    first.sandbox.stop()
    assert is_accepted(start(), token)
    assert not is_accepted(start(seed=7), token)


def test_device_code_is_pending_until_it_is_entered_on_the_page(start: StartSandbox) -> None:
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


def test_declined_and_expired_device_codes_are_refused(start: StartSandbox) -> None:
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


def test_conditional_access_blocks_the_device_code_flow(start: StartSandbox) -> None:
    """The response has the AADSTS number, whether an option or a fault blocks the flow."""
    client = start(block_device_code=True)
    assert client.sign_in(client.app())["error_codes"] == [530036]
    other = start(faults=[Fault(where="token", kind="AADSTS53003", times=1)])
    assert other.sign_in(other.app())["error_codes"] == [53003]
    assert "access_token" in other.sign_in(other.app())


@pytest.mark.parametrize("auto_approve", [True, False])
def test_browser_sign_in_with_pkce(start: StartSandbox, auto_approve: bool) -> None:
    """The authorization code gives a token once, after a click unless sign-ins are approved automatically."""
    client = start(auto_approve=auto_approve)
    app = client.app()
    flow = app.initiate_auth_code_flow(SCOPES, redirect_uri="http://localhost:8400", response_mode="form_post")
    url = flow["auth_uri"]
    query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    query["response_mode"] = "query"
    path = urlsplit(url).path
    if not auto_approve:
        assert "Approve</button>" in client.call("GET", path, params=query).text
    method, sent = ("GET", "params") if auto_approve else ("POST", "data")
    response = client.call(method, path, allow_redirects=False, **{sent: query})
    assert response.status_code == 302
    returned = {name: values[0] for name, values in parse_qs(urlsplit(response.headers["location"]).query).items()}
    result = app.acquire_token_by_auth_code_flow(flow, returned)
    assert is_accepted(client, result["access_token"])
    again = app.acquire_token_by_auth_code_flow(flow, returned)
    assert again["error_codes"] == [54005]


def test_interactive_sign_in_of_msal_works(start: StartSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser submits the form of `response_mode=form_post`."""
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
    assert is_accepted(client, result["access_token"])


def test_redirect_to_another_machine_is_refused(start: StartSandbox) -> None:
    """The error is AADSTS50011."""
    client = start()
    query = {
        "redirect_uri": "https://attacker.example.net/",
        "response_type": "code",
        "client_id": client.sandbox.client_id,
    }
    response = client.call(
        "GET", f"/{client.sandbox.tenant_id}/oauth2/v2.0/authorize", params=query, allow_redirects=False
    )
    assert (response.status_code, "AADSTS50011" in response.text) == (400, True)


def test_unknown_tenant_and_application_are_refused(start: StartSandbox) -> None:
    """MSAL cannot start with an unknown tenant; an unknown application is an unauthorized client."""
    client = start()
    response = client.call("POST", f"/{client.sandbox.tenant_id}/oauth2/v2.0/devicecode", data={"client_id": "other"})
    assert (response.status_code, response.json()["error"]) == (401, "unauthorized_client")
    with pytest.raises(ValueError, match="authority configuration"):
        msal.PublicClientApplication(
            client.sandbox.client_id,
            authority=f"{client.sandbox.url}/00000000-0000-0000-0000-000000000000",
            instance_discovery=False,
            http_client=client.session,
        )


def test_discovery_knows_which_domains_have_a_tenant(full: Client) -> None:
    """A domain with a tenant is answered with its GUID in the issuer, another with AADSTS90002."""
    for domain, tenant in full.sandbox.tenants.items():
        response = full.call("GET", f"/{domain.upper()}/v2.0/.well-known/openid-configuration")
        assert (response.status_code, tenant in response.json()["issuer"]) == (200, True)
    domains = {
        ascii_domain(generate_customer(42, number).domain) for number in range(430)
    } - full.sandbox.tenants.keys()
    for domain in sorted(domains)[:20]:
        response = full.call("GET", f"/{domain}/v2.0/.well-known/openid-configuration")
        assert (response.status_code, response.json()["error"], response.json()["error_codes"]) == (
            400,
            "invalid_tenant",
            [90002],
        )
