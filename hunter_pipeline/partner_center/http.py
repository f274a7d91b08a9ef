"""
Send HTTPS requests to Partner Center and Entra, with time-outs and retries.

TLS is always verified, against REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE or the bundle of requests. Redirects are not
followed, cookies are not kept, and ~/.netrc never replaces a token.
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Self

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from hunter_pipeline.config.logs import log
from hunter_pipeline.errors import ConfigurationError, PartnerCenterResponseError
from hunter_pipeline.partner_center.responses import (
    BAD_REQUEST,
    SERVER_ERROR,
    THROTTLED,
    ApiResponse,
    Outcome,
    TransportError,
    retries_exhausted,
    transport_error,
)

# The limit of a body in bytes. A page of 200 referrals has half a megabyte; a larger body is not a page.
_MAX_BODY = 200_000_000
_CHUNK = 1 << 16
_CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """
    Number of tries and time limits of one request, in seconds.

    Attributes:
        tries: requests in all, the first one included.
        connect, read: time-outs of one connection attempt and of one read from the socket.
        total: for all tries, waits and bodies together; a wait that would end later is not begun.
        backoff: first wait without Retry-After; it doubles, up to `backoff_cap`, plus up to half of it at random.
        retry_after_cap: longest Retry-After that is followed.
    """

    tries: int = 5
    connect: float = 10.0
    read: float = 30.0
    total: float = 300.0
    backoff: float = 1.0
    backoff_cap: float = 30.0
    retry_after_cap: float = 60.0

    def wait(self, retry: int, retry_after: float | None) -> float:
        """Return the seconds to wait before a retry, numbered from 1."""
        if retry_after is not None:
            return min(retry_after, self.retry_after_cap)
        jitter = random.uniform(1.0, 1.5)  # noqa: S311 - spreads load only  # nosec B311
        return min(self.backoff_cap, self.backoff * 2 ** (retry - 1) * jitter)


# For a page and for a sign-in: at most 23 s of waits without Retry-After, 4 minutes with it.
DEFAULT_POLICY = RetryPolicy()
# For a sensor's request, which the next tick repeats anyway.
PROBE_POLICY = RetryPolicy(tries=2, connect=5.0, read=10.0, total=20.0, retry_after_cap=5.0)


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """
    A request to send.

    Attributes:
        label: how errors and log events name it, e.g. "page 3 of the referrals".
        token: bearer token; None sends no credentials.
    """

    method: str
    url: str
    label: str
    params: Mapping[str, str] | None = None
    headers: Mapping[str, str] | None = None
    data: Mapping[str, object] | str | None = None
    token: str | None = field(default=None, repr=False)


class _BearerAuth(AuthBase):
    """Set the bearer token, if any. An `auth=` object also keeps requests from using ~/.netrc."""

    def __init__(self, token: str | None) -> None:
        self._token = token

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token is not None:
            r.headers["Authorization"] = f"Bearer {self._token}"
        return r


class Http:
    """
    A `requests` session with retries.

    Attributes:
        requests: number of requests sent so far, retries included.
        retries: how many of these requests were retries.
    """

    def __init__(
        self,
        policy: RetryPolicy = DEFAULT_POLICY,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create a session. `sleep` and `clock` are for tests, which do not wait."""
        self.requests = 0
        self.retries = 0
        self._policy = policy
        self._deadline = float("inf")
        self._sleep = sleep
        self._clock = clock
        self._lock = threading.Lock()
        # The warnings of urllib3 quote addresses and headers.
        logging.getLogger("urllib3.connection").setLevel(logging.ERROR)
        self._session = requests.Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # Without the adapter for http:// nothing can be sent over it.
        self._session.adapters.clear()
        self._session.mount("https://", HTTPAdapter(pool_maxsize=_CONNECTIONS))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the object can be used again afterwards."""
        self._session.close()

    @contextmanager
    def shared_deadline(self, policy: RetryPolicy | None = None) -> Generator[None]:
        """Bound all requests of the block, sign-in included, by one `total`; use `policy` for them if given."""
        before = self._policy, self._deadline
        self._policy = policy or self._policy
        self._deadline = min(self._deadline, self._clock() + self._policy.total)
        try:
            yield
        finally:
            self._policy, self._deadline = before

    def seconds_left(self) -> float:
        """Return how many seconds the next request may take in all."""
        return max(min(self._policy.total, self._deadline - self._clock()), 0.0)

    def send(self, request: ApiRequest, *, policy: RetryPolicy | None = None, tried: int = 0) -> ApiResponse:
        """
        Send a request, retry transient failures, and return the first other response.

        Args:
            policy: instead of the session's.
            tried: number of tries in an earlier call; at least one more is made.

        Raises:
            PartnerCenterRateLimitError, PartnerCenterServerError, PartnerCenterNetworkError: the tries or the time are
                used up.
            PartnerCenterResponseError: a redirect, or a body beyond the size limit.
            ConfigurationError: the address is not https, or the CA bundle or the proxy's address is wrong.
        """
        if not request.url.lower().startswith("https://"):
            raise ConfigurationError(
                "A request is sent over https only.", hint="Give the API and the authority as https:// addresses."
            )
        outcome = self._send_with_retries(request, policy or self._policy, tried)
        if isinstance(outcome, TransportError) or _is_retryable(outcome):
            raise retries_exhausted(outcome, request.label, request.url)
        if 300 <= outcome.status_code < BAD_REQUEST:  # noqa: PLR2004 - the redirects
            raise PartnerCenterResponseError(
                f"The response to {request.label} is a redirect ({outcome.status_code}), which is never followed.",
                hint="A proxy or a sign-in page may stand in between; look at the API URL and at the network.",
                **outcome.details,
            )
        return outcome

    def _send_with_retries(self, request: ApiRequest, policy: RetryPolicy, tried: int) -> Outcome:
        deadline = min(self._clock() + policy.total, self._deadline)
        attempt = tried + 1
        while True:
            outcome = self._send_once(request, policy, attempt, deadline)
            if attempt >= policy.tries or not _is_retryable(outcome):
                return outcome
            wait = policy.wait(attempt - tried, outcome.retry_after)
            if self._clock() + wait >= deadline:
                return outcome
            cause = outcome.cause if isinstance(outcome, TransportError) else f"status {outcome.status_code}"
            log.warning(
                "partner_center_retry", request=request.label, wait=round(wait, 3), cause=cause, **outcome.details
            )
            # A server that refuses may close the connection as well; the next try takes a new one.
            self._session.close()
            self._sleep(wait)
            attempt += 1

    def _send_once(self, request: ApiRequest, policy: RetryPolicy, attempt: int, deadline: float) -> Outcome:
        with self._lock:
            self.requests += 1
            self.retries += attempt > 1
        left = max(deadline - self._clock(), 0.001)
        try:
            with self._session.request(
                request.method,
                request.url,
                params=request.params,
                headers=dict(request.headers or {}),
                data=request.data,
                auth=_BearerAuth(request.token),
                timeout=(min(policy.connect, left), min(policy.read, left)),
                allow_redirects=False,
                stream=True,
            ) as response:
                body = self._read_body(response, deadline)
                if body is None:
                    return TransportError("the response was cut off", attempt)
                return ApiResponse(response.status_code, response.headers, body, attempt)
        except (OSError, HTTPError, ValueError) as error:
            failure = transport_error(error, attempt)
        if failure is None:
            raise ConfigurationError(
                "The request cannot be sent: the CA bundle, the proxy's address or the API's address is wrong.",
                hint="Look at REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE, HTTPS_PROXY and HUNTER_PARTNER_CENTER_API_URL.",
            )
        return failure

    def _read_body(self, response: requests.Response, deadline: float) -> bytes | None:
        """
        Return the body, or None if it was cut off. Raises: PartnerCenterResponseError beyond the size limit.

        Reads what each read from the socket delivers, so that a slow body ends at the deadline with a TimeoutError.
        """
        parts: list[bytes] = []
        size = 0
        try:
            while part := response.raw.read1(_CHUNK, decode_content=True):
                parts.append(part)
                size += len(part)
                if size > _MAX_BODY:
                    raise PartnerCenterResponseError(
                        f"A response is larger than {_MAX_BODY // 10**6} MB and was not read to its end.",
                        hint="Something between here and Partner Center may answer in its place; look at the network.",
                        status_code=response.status_code,
                    )
                if self._clock() >= deadline:
                    raise TimeoutError
        except (OSError, HTTPError):
            if not _is_known_by_status(response):
                raise
        body = b"".join(parts)
        is_cut_off = not _is_known_by_status(response) and _is_truncated(response, body)
        return None if is_cut_off else body


def _is_retryable(outcome: Outcome) -> bool:
    if isinstance(outcome, TransportError):
        return not outcome.is_permanent
    return outcome.status_code in THROTTLED or outcome.status_code >= SERVER_ERROR


def _is_known_by_status(response: requests.Response) -> bool:
    """Return whether the body may be missing, as in a refusal; a 4xx of Entra has one that says why."""
    status = response.status_code
    is_transient = status in THROTTLED or status >= SERVER_ERROR
    return is_transient or (status >= BAD_REQUEST and "Authorization" in response.request.headers)


def _is_truncated(response: requests.Response, body: bytes) -> bool:
    """Return whether a body that ends with its connection ends too early; urllib3 checks bodies of known length."""
    headers = response.headers
    if "Content-Length" in headers or "chunked" in headers.get("Transfer-Encoding", "").lower():
        return False
    if not body:  # also what remains of a response that was cut off within its headers
        return response.status_code == requests.codes.ok
    is_json = "json" in headers.get("Content-Type", "").lower()
    return is_json and body.rstrip()[-1:] not in (b"}", b"]")
