"""
The one place that sends a request and the one place that tries again.

What belongs here: sessions, time-outs, retries, TLS, where a token may go. What does not: what is
asked for (client.py, auth.py, tenants.py) and which numbers hold (retry.py).

TLS is always verified, against REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE or the bundle that requests
brings. No redirect is followed, no cookie kept, and ~/.netrc never replaces a token.
"""

import logging
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from hunter_pipeline.config.logs import log
from hunter_pipeline.errors import ConfigurationError, PartnerCenterResponseError
from hunter_pipeline.partner_center.deadlines import PunctualAdapter, broken_off_after
from hunter_pipeline.partner_center.responses import SERVER_ERRORS, THROTTLED, Answer, Trouble, outlasted
from hunter_pipeline.partner_center.retry import PATIENT, RetryPolicy, asked_wait, following
from hunter_pipeline.partner_center.transport_errors import trouble

_MOST_BYTES = 200_000_000
"""A page of 200 referrals is half a megabyte. Whatever is larger than this is none, and would fill the memory."""
_CHUNK = 1 << 16
_POOL = 16
_REFUSALS = 400


class _Auth(AuthBase):
    """Sets the bearer token, or nothing; as an `auth=` object it keeps ~/.netrc out in both cases."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            r.headers["Authorization"] = f"Bearer {self._token}"
        return r


@dataclass(frozen=True, slots=True)
class _Call:
    method: str
    url: str
    where: str
    params: Mapping[str, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    data: Mapping[str, object] | str | None = None
    token: str | None = field(default=None, repr=False)


class Http:
    """
    A `requests` session with the contract's patience.

    policy:   tries, time-outs and waits; a request can bring its own.
    sleep:    how to wait, clock: what time it is in seconds; for tests that do not want to wait.
    requests: sent so far, retries included; retries: of these, the second and later tries.
    """

    def __init__(
        self,
        policy: RetryPolicy = PATIENT,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.requests = 0
        self.retries = 0
        self._policy = policy
        self._until = float("inf")
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        logging.getLogger("urllib3.connection").setLevel(logging.ERROR)  # its warnings quote addresses and headers
        self._session = requests.Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.adapters.clear()  # nothing can be sent over http
        self._session.mount("https://", PunctualAdapter(pool_maxsize=_POOL))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the object can be used again afterwards."""
        self._session.close()

    @contextmanager
    def within(self, policy: RetryPolicy | None = None) -> Generator[None]:
        """One `total` for everything that is asked meanwhile, signing in included; with another policy or the same."""
        before = self._policy, self._until
        self._policy = policy or self._policy
        self._until = min(self._until, self._clock() + self._policy.total)
        try:
            yield
        finally:
            self._policy, self._until = before

    def seconds_left(self) -> float:
        """How long the next request may take in all."""
        return max(min(self._policy.total, self._until - self._clock()), 0.0)

    def request(
        self,
        method: str,
        url: str,
        *,
        where: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        data: Mapping[str, object] | str | None = None,
        token: str | None = None,
        policy: RetryPolicy | None = None,
        tried: int = 0,
    ) -> Answer:
        """
        Send a request, again where the contract says so, and return the first answer below 500 that is not 429.

        where:  what an error and an event call this request: 'page 3 of the referrals'.
        tried:  tries that were made for it before, in an earlier call; one more is always made.
        Raises: PartnerCenterRateLimitError, PartnerCenterServerError, PartnerCenterNetworkError when
                the tries or the total time are used up; PartnerCenterResponseError for a redirect;
                ConfigurationError for an address that is not https or a CA bundle that is not there.
        """
        call = _Call(method, _https_only(url), where, params, headers or {}, data, token)
        outcome = self._persist(call, policy or self._policy, tried)
        if isinstance(outcome, Trouble) or _is_worth_another_try(outcome):
            raise outlasted(outcome, where)
        if 300 <= outcome.status_code < 400:  # noqa: PLR2004 - 3xx
            raise PartnerCenterResponseError(
                f"{where.capitalize()} was answered with a redirect ({outcome.status_code}), which is never followed.",
                hint="A proxy or a sign-in page may stand in between; look at the API URL and at the network.",
                **outcome.facts,
            )
        return outcome

    def _persist(self, call: _Call, policy: RetryPolicy, tried: int) -> Answer | Trouble:
        until = min(self._clock() + policy.total, self._until)
        count = following(policy.start(tried), call.method)
        outcome = self._try(call, policy, tried + 1, until)
        while count is not None and _is_worth_another_try(outcome):
            wait = policy.wait(count, outcome.retry_after)
            if self._clock() + wait >= until:
                break
            cause = outcome.cause if isinstance(outcome, Trouble) else f"status {outcome.status_code}"
            log.warning("partner_center_retry", where=call.where, wait=round(wait, 3), cause=cause, **outcome.facts)
            self._session.close()  # who refuses may hang up as well, and the next try must not meet that
            self._sleep(wait)
            count = following(count, call.method)
            outcome = self._try(call, policy, outcome.attempt + 1, until)
        return outcome

    def _try(self, call: _Call, policy: RetryPolicy, attempt: int, until: float) -> Answer | Trouble:
        with self._lock:
            self.requests += 1
            self.retries += attempt > 1
        left = max(until - self._clock(), 0.001)
        try:
            with self._session.request(
                call.method,
                call.url,
                params=call.params,
                headers=dict(call.headers),
                data=call.data,
                auth=_Auth(call.token),
                timeout=(min(policy.connect, left), min(policy.read, left)),
                allow_redirects=False,
                stream=True,
            ) as response:
                body = self._body(response, until)
                if body is None:
                    return Trouble("the answer was cut off", attempt)
                asked = asked_wait(response.headers.get("Retry-After"))
                return Answer(response.status_code, response.headers, body, attempt, asked)
        except (OSError, HTTPError, ValueError) as error:
            failed = trouble(error, attempt)
        if failed is None:
            raise ConfigurationError(
                "The request cannot be sent: the CA bundle, the proxy's address or the API's address is wrong.",
                hint="Look at REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, HTTPS_PROXY and HUNTER_PARTNER_CENTER_API_URL.",
            )
        return failed

    def _body(self, response: requests.Response, until: float) -> bytes | None:
        """
        Read bit by bit, no longer than the total time lasts; None where its end is missing.

        A refusal counts by its status and its Retry-After, which have come: it needs no end.
        Raises: PartnerCenterResponseError where it is larger than any page could be, unpacked.
        """
        parts: list[bytes] = []
        size = 0
        is_refusal = _counts_by_its_status(response)
        try:
            with broken_off_after(max(until - self._clock(), 0), response.raw.shutdown):
                while part := response.raw.read1(_CHUNK, decode_content=True):
                    parts.append(part)
                    size += len(part)
                    if size > _MOST_BYTES:
                        raise PartnerCenterResponseError(
                            f"An answer is larger than {_MOST_BYTES // 10**6} MB, and was not read to its end.",
                            hint="Something between here and Partner Center answers in its place; look at the network.",
                            status_code=response.status_code,
                        )
        except (OSError, HTTPError):
            if not is_refusal:
                raise
        body = b"".join(parts)
        return None if not is_refusal and _lost_its_end(response, body) else body


def _https_only(url: str) -> str:
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        scheme = ""
    if scheme != "https":
        raise ConfigurationError(
            "A request over anything but https is not sent.",
            hint="Give the API and the authority as https:// addresses.",
        )
    return url


def _is_worth_another_try(outcome: Answer | Trouble) -> bool:
    if isinstance(outcome, Trouble):
        return not outcome.permanent
    return outcome.status_code in THROTTLED or outcome.status_code >= SERVER_ERRORS


def _counts_by_its_status(response: requests.Response) -> bool:
    """Whether its body is not needed: any refusal of Partner Center; of Entra, whose 4xx say why, a passing one."""
    status = response.status_code
    is_passing = status in THROTTLED or status >= SERVER_ERRORS
    return is_passing or (status >= _REFUSALS and "Authorization" in response.request.headers)


def _lost_its_end(response: requests.Response, body: bytes) -> bool:
    """Whether an answer that only its connection delimits stops too early; urllib3 checks every other one."""
    headers = response.headers
    if "Content-Length" in headers or "chunked" in headers.get("Transfer-Encoding", "").lower():
        return False
    if not body:  # also what is left of an answer that was cut off among its headers
        return response.status_code == requests.codes.ok
    is_json = "json" in headers.get("Content-Type", "").lower()
    return is_json and body.rstrip()[-1:] not in (b"}", b"]")
