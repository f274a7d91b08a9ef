"""
Signing in to Entra, and the access token that every call to Partner Center carries.

What belongs here: MSAL and what it keeps in a store. What does not: where that is (token_file.py, or the
database), calls to Partner Center. Nothing is asked of Entra before a token is needed and the store has none
that is good for five more minutes.
"""

import json
import logging
import time
from collections.abc import Callable
from typing import Any, Self, TypeVar, cast
from urllib.parse import urlsplit

import msal  # pyright: ignore[reportMissingTypeStubs]

from hunter_pipeline.config.logs import log
from hunter_pipeline.config.settings import MICROSOFT_AUTHORITIES, Settings
from hunter_pipeline.errors import HunterError, PartnerCenterAuthError
from hunter_pipeline.partner_center.aadsts import sign_in_refused
from hunter_pipeline.partner_center.accounts import REFRESH_TOKEN_LIFE, Account, SignInStatus, instant
from hunter_pipeline.partner_center.http import Http
from hunter_pipeline.partner_center.msal_http import MsalHttp, unreadable
from hunter_pipeline.partner_center.token_cache import (
    OUR_SECTION,
    SIGN_IN_AGAIN,
    Entry,
    Sections,
    TokenStore,
    sections_of,
    with_one_token,
)

_FRESH_SECONDS = 300
_BROWSER_SECONDS = 300
_LOCK_SECONDS = 60.0
_SIGNED_IN_AT = "signed_in_at"
T = TypeVar("T")


class SignIn:
    """The one account that is signed in, of one app registration in one tenant."""

    def __init__(
        self, http: Http, store: TokenStore, *, client_id: str, tenant_id: str, authority: str, scope: str
    ) -> None:
        self._http = MsalHttp(http)
        self._seconds_left = http.seconds_left
        self._store = store
        self._client_id = client_id
        self._tenant_id = tenant_id
        self._authority = authority
        self._host = (urlsplit(authority).hostname or "").lower()
        self._scope = scope
        self._place = {"tenant_id": tenant_id, "authority": authority, "scope": scope}
        self._cache: Any = msal.SerializableTokenCache()
        self._msal: Any = None

    @classmethod
    def from_settings(cls, settings: Settings, http: Http, store: TokenStore) -> Self:
        """Raises: ConfigurationError where the client id or the tenant id is empty."""
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
        """
        An access token that is good for at least five minutes, refreshed silently where needed.

        Raises: PartnerCenterAuthError where somebody has to sign in; the network's errors of `Http`.
        """
        return self._fresh_token(sections_of(self._store.read())) or self._refresh(force=False)

    def refreshed_token(self) -> str:
        """A new access token, whatever the store holds. Raises as `token`."""
        return self._refresh(force=True)

    def login_device_code(self, show: Callable[[str, str, str], None]) -> Account:
        """
        Sign in with a code that a person enters in any browser, on any machine; waits for them.

        show: called once with the address, the code and Microsoft's sentence about both.
        """
        self._try_the_lock()
        cache: Any = msal.SerializableTokenCache()
        app = self._application(cache)
        flow = self._ask(lambda: app.initiate_device_flow(scopes=[self._scope]))
        if "user_code" not in flow:
            raise sign_in_refused(flow, self._http.last)
        show(str(flow.get("verification_uri", "")), str(flow["user_code"]), str(flow.get("message", "")))
        return self._keep(cache, self._ask(lambda: app.acquire_token_by_device_flow(flow)))

    def login_interactive(
        self, show: Callable[[str], None] | None = None, *, timeout: float = _BROWSER_SECONDS
    ) -> Account:
        """
        Sign in in this machine's browser (authorization code with PKCE, answered to http://localhost).

        show: called with the address where no browser could be opened.
        """
        self._try_the_lock()
        cache: Any = msal.SerializableTokenCache()
        app = self._application(cache)
        result = self._ask(
            lambda: app.acquire_token_interactive(
                [self._scope], prompt="select_account", timeout=timeout, auth_uri_callback=show or _say_nothing
            )
        )
        return self._keep(cache, result)

    def status(self) -> SignInStatus:
        """
        Who is signed in and for how long, as far as the store tells.

        Raises: DatabaseError where the sign-in lives in a database that is out of reach.
        """
        kept_in = self._store.place
        try:
            sections = sections_of(self._store.read())
            account = self._account(sections)
        except PartnerCenterAuthError as error:
            return SignInStatus(
                False, tenant_id=self._tenant_id, client_id=self._client_id, problem=error.message, kept_in=kept_in
            )
        refreshed = instant(self._credential(sections).get("last_modification_time"))
        return SignInStatus(
            signed_in=True,
            username=str(account.get("username", "")) or None,
            tenant_id=self._tenant_id,
            client_id=self._client_id,
            signed_in_at=instant(sections.get(OUR_SECTION, {}).get("meta", {}).get(_SIGNED_IN_AT)),
            last_refreshed_at=refreshed,
            refresh_token_expires_at=refreshed + REFRESH_TOKEN_LIFE if refreshed else None,
            kept_in=kept_in,
        )

    def logout(self) -> bool:
        """Forget the sign-in; False where there was none."""
        with self._store.locked() as store:
            return store.delete()

    def save_again(self) -> None:
        """Read the sign-in and save it as it is: an encrypted store then has it under its newest key."""
        with self._store.locked() as store:
            text = store.read()
            sections_of(text)
            store.save(text or "")

    def _refresh(self, *, force: bool) -> str:
        """Under the lock from reading to writing: a refresh token that rotates is spent by one process only."""
        with self._store.locked(min(_LOCK_SECONDS, self._seconds_left())) as store:
            text = store.read()
            sections = sections_of(text)
            if not force and (token := self._fresh_token(sections)):
                return token  # another process was quicker
            account = self._account(sections)
            self._cache.deserialize(text)
            self._msal = self._msal or self._application(self._cache)
            result = self._ask(
                lambda: self._msal.acquire_token_silent_with_error([self._scope], account=account, force_refresh=force)
            )
            token = result.get("access_token")
            if self._cache.has_state_changed:
                store.save(with_one_token(self._cache.serialize(), token))
        if isinstance(token, str) and token:
            log.info("partner_center_token_refreshed", forced=force)
            return token
        if not result:
            raise PartnerCenterAuthError("Nobody is signed in with this app registration.", hint=SIGN_IN_AGAIN)
        raise sign_in_refused(result, self._http.last)

    def _try_the_lock(self) -> None:
        """A place where nothing can be kept is told before a person is asked to do anything."""
        with self._store.locked():
            pass

    def _application(self, cache: Any) -> Any:
        """MSAL's client. Building it asks Entra for the tenant's addresses."""
        logging.getLogger("msal").setLevel(logging.CRITICAL)  # its warnings quote ID tokens, which name people
        is_microsoft = self._host in MICROSOFT_AUTHORITIES
        return self._ask_for(
            lambda: msal.PublicClientApplication(
                self._client_id,
                authority=f"{self._authority}/{self._tenant_id}",
                instance_discovery=None if is_microsoft else False,
                http_client=self._http,
                token_cache=cache,
            )
        )

    def _ask(self, call: Callable[[], Any]) -> dict[str, object]:
        result = self._ask_for(call)
        return cast("dict[str, object]", result) if isinstance(result, dict) else {}

    def _ask_for(self, call: Callable[[], T]) -> T:
        """Whatever MSAL raises over an odd answer becomes one of our errors, without MSAL's text."""
        try:
            return call()
        except HunterError:
            raise
        except Exception as error:  # noqa: BLE001 - MSAL documents none of the kinds that it raises
            timed_out = type(error).__name__ == "BrowserInteractionTimeoutError"
        if timed_out:
            raise PartnerCenterAuthError(
                "The sign-in in the browser was not finished in time.",
                hint="Start again: hunter auth login --interactive.",
            )
        raise unreadable(self._http.last)

    def _keep(self, cache: Any, result: dict[str, object]) -> Account:
        """Replace whatever the store held, another account or garbage included, by this sign-in."""
        if "access_token" not in result:
            raise sign_in_refused(result, self._http.last)
        sections = cast("Sections", json.loads(cache.serialize()))
        account = self._account(sections)
        sections[OUR_SECTION] = {"meta": {_SIGNED_IN_AT: str(int(time.time())), **self._place}}
        with self._store.locked() as store:
            store.save(json.dumps(sections, indent=4))
        self._msal = None
        return Account(str(account.get("username", "")), str(account.get("realm") or self._tenant_id))

    def _fresh_token(self, sections: Sections) -> str | None:
        """The stored access token for this app, tenant and resource, if it lives long enough."""
        ours = self._place.items() <= sections.get(OUR_SECTION, {}).get("meta", {}).items()
        for entry in sections.get("AccessToken", {}).values():
            mine = entry.get("environment") == self._host and entry.get("client_id") == self._client_id
            lives = int(str(entry["expires_on"])) - time.time() >= _FRESH_SECONDS
            if mine and lives and (ours or self._is_for_us(entry)):
                return str(entry["secret"])
        return None

    def _is_for_us(self, entry: Entry) -> bool:
        """Whether tenant and scope of a token that another program got are ours, as far as it says."""
        resource = self._scope.rpartition("/")[0].lower() + "/"
        scopes = str(entry.get("target", "")).lower().split()
        same_tenant = str(entry.get("realm", "")).lower() == self._tenant_id.lower()
        return same_tenant and any(scope.startswith(resource) for scope in scopes)

    def _account(self, sections: Sections) -> Entry:
        """
        The signed-in account, in MSAL's shape; the authority's host and the app must be the configured ones.

        Raises: PartnerCenterAuthError where the store holds nothing of the kind.
        """
        home_id = self._credential(sections).get("home_account_id")
        for entry in sections.get("Account", {}).values():
            if entry.get("environment") == self._host and entry.get("home_account_id") == home_id:
                return entry
        return {"home_account_id": home_id, "environment": self._host}  # an authority that tells no names

    def _credential(self, sections: Sections) -> Entry:
        """The refresh token's entry, else the access token's."""
        for entry in (*sections.get("RefreshToken", {}).values(), *sections.get("AccessToken", {}).values()):
            if entry.get("environment") == self._host and entry.get("client_id") == self._client_id:
                return entry
        raise PartnerCenterAuthError("Nobody is signed in with this app registration.", hint=SIGN_IN_AGAIN)


def _say_nothing(_address: str) -> None:
    return
