"""Find ports for services that need theirs before they start."""

import random
import socket

# Below the ephemeral ports of Linux and macOS, so that neither another test nor an outgoing connection takes one of
# these between the check and the start.
_FIRST, _LAST = 15_000, 30_000


def free_port() -> int:
    """Return a port of 127.0.0.1 on which no process listens."""
    choice = random.SystemRandom()  # unaffected by the seeds of hypothesis
    while True:
        port = choice.randrange(_FIRST, _LAST)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
