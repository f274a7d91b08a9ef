"""Sign in to Entra through MSAL, and obtain access tokens for Partner Center."""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Self, cast
from urllib.parse import urlsplit

import msal  # pyright: ignore[reportMissingTypeStubs]
from msal.oauth2cli.oauth2 import BrowserInteractionTimeoutError  # pyright: ignore[reportMissingTypeStubs]

from hunter_pipeline.config.logs import log, mask
from hunter_pipeline.config.settings import MICROSOFT_AUTHORITIES, Settings
from hunter_pipeline.errors import PartnerCenterAuthError
from hunter_pipeline.partner_center.entra_errors import sign_in_refused, unreadable_sign_in
from hunter_pipeline.partner_center.http import ApiRequest, Http
from hunter_pipeline.partner_center.responses import BAD_REQUEST, ApiResponse, parse_object
from hunter_pipeline.partner_center.sign_in_status import REFRESH_TOKEN_LIFETIME, SignInStatus, msal_datetime
from hunter_pipeline.partner_center.token_store import (
    LOCK_TIMEOUT,
    METADATA,
    SIGN_IN_HINT,
    Entry,
    TokenCache,
    TokenStore,
    keep_one_access_token,
    parse_cache,
)

# Seconds of life that a stored access token must have left to be used.
_MIN_LIFETIME = 300
_BROWSER_TIMEOUT = 300.0
_SIGNED_IN_AT = "signed_in_at"
# The undocumented exceptions that MSAL raises for unexpected members of a response.
_MSAL_ERRORS = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)


class SignIn:
    """The sign-in of one app registration in one tenant."""

    def __init__(
        self, http: Http, store: TokenStore, *, client_id: str, tenant_id: str, authority: str, scope: str
    ) -> None:
        self._http = http
        self._msal_http = _MsalHttp(http)
        self._store = store
        self._client_id = client_id
        self._tenant_id = tenant_id
        self._authority = authority
        self._host = (urlsplit(authority).hostname or "").lower()
        self._scope = scope
        self._target = {"tenant_id": tenant_id, "authority": authority, "scope": scope}

    @classmethod
    def from_settings(cls, settings: Settings, http: Http, store: TokenStore) -> Self:
        """Create a sign-in; no request is sent. Raises: ConfigurationError if the client id or tenant id is empty."""
        client_id, tenant_id = settings.require_partner_center()
        return cls(
            http,
            store,
            client_id=client_id,
            tenant_id=tenant_id,
            authority=settings.partner_center_authority,
            scope=settings.partner_center_scope,
        )

    def token(self) -> str:
        """Return a token valid for five minutes or more. Raises: PartnerCenterAuthError; the errors of `Http.send`."""
        return self._stored_token(parse_cache(self._store.read())) or self._refresh(force=False)

    def refreshed_token(self) -> str:
        """Return a new access token, whatever is stored. Raises: as `token`."""
        return self._refresh(force=True)

    def login_device_code(self, show: Callable[[str, str, str], None]) -> SignInStatus:
        """
        Sign in with a code that a person enters in a browser on any machine; wait until it is entered.

        `show` is called once, with the address, the code, and Microsoft's sentence about both.
        """
        cache, application = self._begin_login()
        flow = self._call_msal(lambda: application.initiate_device_flow(scopes=[self._scope]))
        if "user_code" not in flow:
            raise sign_in_refused(flow, self._msal_http.last_response)
        show(str(flow.get("verification_uri", "")), str(flow["user_code"]), str(flow.get("message", "")))
        return self._save_login(cache, self._call_msal(lambda: application.acquire_token_by_device_flow(flow)))

    def login_interactive(
        self, show: Callable[[str], None] | None = None, *, timeout: float = _BROWSER_TIMEOUT
    ) -> SignInStatus:
        """
        Sign in in this machine's browser (authorization code with PKCE, redirected to http://localhost).

        `show` is called with the address if no browser can be opened. The person has `timeout` seconds.
        """
        cache, application = self._begin_login()
        result = self._call_msal(
            lambda: application.acquire_token_interactive(
                [self._scope], prompt="select_account", timeout=timeout, auth_uri_callback=show or str
            )
        )
        return self._save_login(cache, result)

    def status(self) -> SignInStatus:
        """Return the account and the estimated end of the sign-in. Raises: DatabaseError."""
        known = SignInStatus(False, tenant_id=self._tenant_id, client_id=self._client_id, kept_in=self._store.location)
        try:
            cache = parse_cache(self._store.read())
            account = self._account(cache)
        except PartnerCenterAuthError as error:
            return replace(known, problem=error.message)
        refreshed = msal_datetime(self._credential(cache).get("last_modification_time"))
        return replace(
            known,
            signed_in=True,
            username=str(account.get("username", "")) or None,
            object_id=str(account.get("local_account_id", "")) or None,
            signed_in_at=msal_datetime(cache.get(METADATA, {}).get("meta", {}).get(_SIGNED_IN_AT)),
            last_refreshed_at=refreshed,
            refresh_token_expires_at=refreshed + REFRESH_TOKEN_LIFETIME if refreshed else None,
        )

    def logout(self) -> bool:
        """Delete the stored sign-in; return whether there was one."""
        with self._store.locked() as store:
            return store.delete()

    def rewrite(self) -> None:
        """Save the sign-in again as it is, so that an encrypted store has it under its newest key."""
        with self._store.locked() as store:
            text = store.read()
            parse_cache(text)
            store.save(text or "")

    def _refresh(self, *, force: bool) -> str:
        """Refresh under the store's lock, so that a refresh token that rotates is used by one process only."""
        with self._store.locked(min(LOCK_TIMEOUT, self._http.seconds_left())) as store:
            text = store.read()
            cache = parse_cache(text)
            # Another process may have refreshed it in the meantime.
            if not force and (token := self._stored_token(cache)):
                return token
            account = self._account(cache)
            msal_cache: Any = msal.SerializableTokenCache()
            msal_cache.deserialize(text)
            application = self._open_application(msal_cache)
            result = self._call_msal(
                lambda: application.acquire_token_silent_with_error([self._scope], account=account, force_refresh=force)
            )
            token = result.get("access_token") if result else None
            if msal_cache.has_state_changed:
                store.save(keep_one_access_token(msal_cache.serialize(), token))
        if isinstance(token, str) and token:
            log.info("partner_center_token_refreshed", forced=force)
            return token
        if not result:
            raise _not_signed_in()
        raise sign_in_refused(result, self._msal_http.last_response)

    def _begin_login(self) -> tuple[Any, Any]:
        """Return an empty cache and MSAL's client. Reports a store that cannot be written before a person signs in."""
        with self._store.locked():
            pass
        cache = msal.SerializableTokenCache()
        return cache, self._open_application(cache)

    def _open_application(self, cache: Any) -> Any:
        """Create MSAL's client, which requests the tenant's addresses from Entra."""
        # MSAL's warnings quote ID tokens, which name people.
        logging.getLogger("msal").setLevel(logging.CRITICAL)
        return self._call_msal(
            lambda: msal.PublicClientApplication(
                self._client_id,
                authority=f"{self._authority}/{self._tenant_id}",
                instance_discovery=None if self._host in MICROSOFT_AUTHORITIES else False,
                http_client=self._msal_http,
                token_cache=cache,
            )
        )

    def _call_msal(self, call: Callable[[], Any]) -> Any:
        """
        Raise MSAL's exceptions for an unexpected response as ours.

        The cause that `--debug` shows has their type and reason; what MSAL quotes of a token is cut off.
        """
        try:
            return call()
        except _MSAL_ERRORS as error:
            is_timeout = isinstance(error, BrowserInteractionTimeoutError)
            reason = mask(str(error).partition("The id_token")[0])[:300].strip()
            cause = RuntimeError(f"{type(error).__name__}: {reason}")
        if is_timeout:
            raise PartnerCenterAuthError(
                "The sign-in in the browser was not finished in time.",
                hint="Start again: hunter auth login --interactive.",
            )
        raise unreadable_sign_in(self._msal_http.last_response) from cause

    def _save_login(self, msal_cache: Any, result: dict[str, object]) -> SignInStatus:
        """Replace the stored sign-in by this one."""
        if "access_token" not in result:
            raise sign_in_refused(result, self._msal_http.last_response)
        cache = cast("TokenCache", json.loads(msal_cache.serialize()))
        cache[METADATA] = {"meta": {_SIGNED_IN_AT: str(int(time.time())), **self._target}}
        with self._store.locked() as store:
            store.save(json.dumps(cache, indent=4))
        return self.status()

    def _stored_token(self, cache: TokenCache) -> str | None:
        """Return the stored access token for this app, tenant and resource if it is valid long enough."""
        is_our_login = self._target.items() <= cache.get(METADATA, {}).get("meta", {}).items()
        for entry in cache.get("AccessToken", {}).values():
            is_long_enough = int(str(entry["expires_on"])) - time.time() >= _MIN_LIFETIME
            if self._is_ours(entry) and is_long_enough and (is_our_login or self._is_for_target(entry)):
                return str(entry["secret"])
        return None

    def _is_ours(self, entry: Entry) -> bool:
        """Return whether an entry belongs to the configured authority and app."""
        return entry.get("environment") == self._host and entry.get("client_id") == self._client_id

    def _is_for_target(self, entry: Entry) -> bool:
        """Return whether an access token that another program stored names our tenant and resource."""
        resource = self._scope.rpartition("/")[0].lower() + "/"
        scopes = str(entry.get("target", "")).lower().split()
        is_same_tenant = str(entry.get("realm", "")).lower() == self._tenant_id.lower()
        return is_same_tenant and any(scope.startswith(resource) for scope in scopes)

    def _account(self, cache: TokenCache) -> Entry:
        """Return the signed-in account in MSAL's shape. Raises: PartnerCenterAuthError if there is none."""
        home_id = self._credential(cache).get("home_account_id")
        for entry in cache.get("Account", {}).values():
            if entry.get("environment") == self._host and entry.get("home_account_id") == home_id:
                return entry
        return {"home_account_id": home_id, "environment": self._host}  # the authority named no account

    def _credential(self, cache: TokenCache) -> Entry:
        """Return the refresh token's entry, else the access token's. Raises: PartnerCenterAuthError."""
        entries = (*cache.get("RefreshToken", {}).values(), *cache.get("AccessToken", {}).values())
        entry = next((entry for entry in entries if self._is_ours(entry)), None)
        if entry is None:
            raise _not_signed_in()
        return entry


class _MsalHttp:
    """The HTTP client that MSAL calls: ours, so that time-outs, retries and typed errors hold for the sign-in too."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self.last_response: ApiResponse | None = None

    def get(self, url: str, **fields: Any) -> ApiResponse:
        """Request the tenant's addresses. Raises: PartnerCenterAuthError for a 4xx, which MSAL would quote."""
        response = self._send("GET", url, fields)
        if response.status_code >= BAD_REQUEST:
            raise sign_in_refused(parse_object(response.body), response)
        return response

    def post(self, url: str, **fields: Any) -> ApiResponse:
        """Request a token or a device code; MSAL reads a 4xx itself."""
        return self._send("POST", url, fields)

    def close(self) -> None:
        """Do nothing: the session belongs to the caller."""

    def _send(self, method: str, url: str, fields: dict[str, Any]) -> ApiResponse:
        response = self.last_response = self._http.send(ApiRequest(method, url, "the sign-in", **fields))
        if not parse_object(response.body):
            raise unreadable_sign_in(response)
        return response


def _not_signed_in() -> PartnerCenterAuthError:
    return PartnerCenterAuthError("No account is signed in with this app registration.", hint=SIGN_IN_HINT)
