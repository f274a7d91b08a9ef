"""Compare this machine's clock with the Date header of a response: a wrong clock makes valid tokens look invalid."""

import time
from email.utils import parsedate_to_datetime

from hunter_pipeline.partner_center.http import PROBE_POLICY, ApiRequest, Http
from hunter_pipeline.partner_center.responses import ApiResponse

# Entra accepts a difference of five minutes.
MAX_SKEW_SECONDS = 300
CLOCK_HINT = "Set the clock of this machine: timedatectl set-ntp true."


def clock_problem(http: Http, authority: str) -> str | None:
    """Return a sentence if the clock differs from the authority's, else None. Raises: PartnerCenterNetworkError."""
    return skew_sentence(http.send(ApiRequest("GET", f"{authority}/", "the clock"), policy=PROBE_POLICY))


def skew_sentence(response: ApiResponse | None) -> str | None:
    """Return "This machine's clock is 24 hours ahead of the server's." if they differ by minutes, else None."""
    try:
        sent = parsedate_to_datetime(response.headers.get("Date", "") if response else "").timestamp()
    except ValueError:
        return None
    seconds = time.time() - sent
    if abs(seconds) <= MAX_SKEW_SECONDS:
        return None
    minutes = round(abs(seconds) / 60)
    size = f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"  # noqa: PLR2004
    return f"This machine's clock is {size} {'ahead of' if seconds > 0 else 'behind'} the server's."
