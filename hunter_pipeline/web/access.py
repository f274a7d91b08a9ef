"""
Who may ask: the API key, the sign-in cookie, requests from other sites, and guesses.

What belongs here: decisions. What does not: when they are asked for (`gate.py`). Without a key only this machine
may ask: the service listens on loopback then, and a request must name a loopback host, which a page of the Internet
whose name was pointed at 127.0.0.1 cannot.
"""

import hashlib
import hmac
import ipaddress
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Mapping
from urllib.parse import urlsplit

from fastapi import Request
from itsdangerous import BadSignature, TimestampSigner

from hunter_pipeline.config.settings import Settings

COOKIE = "hunter_session"
SESSION_SECONDS = 12 * 3600
GUESSES = 5
GUESS_SECONDS = 60.0
REMEMBERED = 10_000
"""Client addresses whose failed tries are remembered; the one that was quiet for longest is forgotten first."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Guesses:
    """Counts failed tries by client address, in bounded memory."""

    def __init__(self) -> None:
        self._tries: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait_seconds(self, address: str) -> int:
        """How long this address has to wait before it may try again; 0 where it need not."""
        with self._lock:
            tries = self._tries.get(_network(address), deque())
            now = time.monotonic()
            while tries and now - tries[0] > GUESS_SECONDS:
                tries.popleft()
            return 0 if len(tries) < GUESSES else max(1, round(GUESS_SECONDS - (now - tries[0])))

    def failed(self, address: str) -> None:
        """Note a try that failed."""
        with self._lock:
            tries = self._tries.setdefault(_network(address), deque(maxlen=GUESSES))
            tries.append(time.monotonic())
            self._tries.move_to_end(_network(address))
            while len(self._tries) > REMEMBERED:
                self._tries.popitem(last=False)


class Access:
    """The door of one service: open to this machine where there is no key, else to whoever has the key."""

    def __init__(self, settings: Settings) -> None:
        key = settings.api_key.get_secret_value() if settings.api_key else ""
        self._key = key.encode()
        self._signer = TimestampSigner(
            key or secrets.token_urlsafe(),
            salt="hunter_pipeline.session",
            key_derivation="hmac",
            digest_method=hashlib.sha256,
        )
        self.guesses = Guesses()

    @property
    def needs_key(self) -> bool:
        """Whether HUNTER_API_KEY is set."""
        return bool(self._key)

    def is_key(self, sent: bytes) -> bool:
        """Whether this is the key (in UTF-8), in a time that does not tell how much of it is right."""
        return self.needs_key and hmac.compare_digest(sent, self._key)

    def new_session(self) -> str:
        """A cookie's value: signed, and worth nothing after twelve hours or under another key."""
        return self._signer.sign(secrets.token_urlsafe(16)).decode()

    def is_session(self, cookie: str | None) -> bool:
        """Whether a cookie is one of ours and young enough."""
        if not cookie:
            return False
        try:
            self._signer.unsign(cookie, max_age=SESSION_SECONDS)
        except BadSignature:
            return False
        return True


def signed_in(request: Request) -> bool:
    """Whether a person has signed in on the page; False as well where no key is needed."""
    access: Access = request.app.state.access
    return access.needs_key and access.is_session(request.cookies.get(COOKIE))


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own: 'localhost', '127.0.0.1', '::1', '[::1]'."""
    name = host.strip().lower().removeprefix("[").removesuffix("]")
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def names_loopback(host_header: str) -> bool:
    """Whether a Host header names this machine: '127.0.0.1:8000', 'localhost', '[::1]:8000'."""
    try:
        return is_loopback(urlsplit(f"//{host_header}").hostname or "")
    except ValueError:
        return False


def is_cross_site(method: str, headers: Mapping[str, str]) -> bool:
    """
    Whether a page of another site has sent a request that changes something.

    The browser says so in Sec-Fetch-Site; an old one in Origin. Who sends neither is no browser.
    """
    if method in SAFE:
        return False
    if (site := headers.get("sec-fetch-site")) is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
    except ValueError:
        return True


def local_path(target: str | None) -> str:
    """Where to go after signing in: a path of ours, '/' for anything else."""
    if target is None or not target.startswith("/") or target.startswith("//"):
        return "/"
    return target if target.isprintable() and "\\" not in target else "/"


def _network(address: str) -> str:
    """One household: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(parsed) if parsed.version == 4 else str(ipaddress.ip_network((parsed, 64), strict=False))  # noqa: PLR2004
