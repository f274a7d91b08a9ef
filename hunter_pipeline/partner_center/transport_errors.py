"""
Why no answer came, in our own words.

What belongs here: exceptions of requests, urllib3 and ssl -> a `Trouble`. What does not: what is
done about it. The exceptions' own text never leaves: it can hold addresses and proxy passwords.
"""

import socket
import ssl
from collections.abc import Iterator

import requests
from urllib3.exceptions import (
    HTTPError,
    IncompleteRead,
    InvalidChunkLength,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
)
from urllib3.exceptions import TimeoutError as Urllib3TimeoutError

from hunter_pipeline.partner_center.responses import Trouble

_MALFORMED = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidHeader,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
)


def trouble(error: BaseException, attempt: int) -> Trouble | None:
    """The failure in our own words; None where our own settings are at fault."""
    chain = list(_chain(error))

    def is_any(*kinds: type[BaseException]) -> bool:
        return any(isinstance(link, kinds) for link in chain)

    malformed = isinstance(error, _MALFORMED) or not isinstance(error, (OSError, HTTPError))
    if malformed or (type(error) is OSError and error.errno is None):  # requests' word for a missing CA bundle
        return None
    if is_any(ssl.SSLCertVerificationError):
        hint = "If your network brings its own certificates, name their bundle in REQUESTS_CA_BUNDLE."
        return Trouble("its TLS certificate is not trusted", attempt, hint, permanent=True)
    words = (
        ("the proxy did not connect", is_any(ProxyError, requests.exceptions.ProxyError)),
        ("the host's name cannot be resolved", is_any(NameResolutionError, socket.gaierror)),
        ("the connection was refused", is_any(ConnectionRefusedError)),
        ("the host cannot be reached", is_any(NewConnectionError)),  # which urllib3 counts among the time-outs
        ("timed out", is_any(TimeoutError, requests.Timeout, Urllib3TimeoutError)),
        ("the answer was cut off", is_any(IncompleteRead, InvalidChunkLength)),
    )
    return Trouble(next((cause for cause, fits in words if fits), "the connection was dropped"), attempt)


def _chain(error: object) -> Iterator[BaseException]:
    """An exception and what it wraps, however requests and urllib3 wrapped it."""
    for _ in range(12):
        if not isinstance(error, BaseException):
            return
        yield error
        inner = getattr(error, "reason", None) or (error.args[0] if error.args else None)
        error = inner if isinstance(inner, BaseException) else error.__cause__ or error.__context__
