"""Where a service of ours can listen: the port that was asked for, or the next one that is free."""

import errno
import socket
from typing import NamedTuple
from urllib.parse import urlsplit

from hunter_pipeline.errors import ConfigurationError

NEXT_PORTS = 20


class Named(NamedTuple):
    """The settings that an address comes from, for the sentence that says what to change."""

    host_variable: str
    port_variable: str
    example: str


DAGSTER = Named("HUNTER_DAGSTER_URL", "HUNTER_DAGSTER_URL", "http://127.0.0.1:3100")
API = Named("HUNTER_API_HOST", "HUNTER_API_PORT", "8100")


def free_url(url: str, named: Named, *, or_next: bool) -> str:
    """
    The address with its own port, or, if asked for, with the next one that is free.

    Raises: ConfigurationError where it is taken, or where its host is not this machine.
    """
    parts = urlsplit(url)
    host, wanted = parts.hostname or "127.0.0.1", parts.port or 80
    for port in range(wanted, min(wanted + (NEXT_PORTS if or_next else 1), 65_536)):
        why = _why_not_listen(host, port)
        if why is None:
            return parts._replace(netloc=f"{f'[{host}]' if ':' in host else host}:{port}").geturl()
        if why != errno.EADDRINUSE:
            raise ConfigurationError(
                f"{named.host_variable} names {url}, where this machine cannot listen.",
                hint=f"Name an address of this machine, such as 127.0.0.1, and a port from 1024 up in "
                f"{named.port_variable}, such as {named.example}.",
            )
    raise ConfigurationError(
        f"Port {wanted} is taken by another program.",
        hint=f"Stop that program, or set {named.port_variable} to another port, such as {named.example}.",
    )


def _why_not_listen(host: str, port: int) -> int | None:
    """The number of the error that listening there would meet, None where it would work."""
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        return error.errno or -1
    return None
