"""
The HTTP client that MSAL calls: ours, so that its time-outs, retries and typed errors hold there as well.

What belongs here: MSAL's interface (`get`, `post`, `close`). What does not: signing in (auth.py).
"""

from collections.abc import Mapping
from typing import Any

from hunter_pipeline.errors import PartnerCenterResponseError
from hunter_pipeline.partner_center.aadsts import sign_in_refused
from hunter_pipeline.partner_center.http import Http
from hunter_pipeline.partner_center.responses import Answer, json_object

Texts = Mapping[str, str]


class MsalHttp:
    """What MSAL calls instead of `requests`: our time-outs and retries, and never a body in MSAL's own log."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self.last: Answer | None = None

    def get(self, url: str, params: Texts | None = None, headers: Texts | None = None) -> Answer:
        """Discovery. Raises: PartnerCenterAuthError for a 4xx."""
        answer = self._keep("GET", url, params=params, headers=headers)
        if answer.status_code >= 400:  # noqa: PLR2004 - discovery: MSAL would put the body into a ValueError
            raise sign_in_refused(json_object(answer.body), answer)
        return answer

    def post(
        self,
        url: str,
        params: Texts | None = None,
        data: Mapping[str, object] | str | None = None,
        headers: Texts | None = None,
    ) -> Answer:
        """A token or a device code; a 4xx is MSAL's to read."""
        return self._keep("POST", url, params=params, data=data, headers=headers)

    def close(self) -> None:
        """MSAL's interface; the session belongs to whoever made it."""

    def _keep(self, method: str, url: str, **parts: Any) -> Answer:
        answer = self.last = self._http.request(method, url, where="the sign-in", **parts)
        if not json_object(answer.body):
            raise unreadable(answer)
        return answer


def unreadable(answer: Answer | None) -> PartnerCenterResponseError:
    """The error for an answer of Entra that is not what OAuth documents."""
    facts: dict[str, Any] = {**answer.facts} if answer else {}
    return PartnerCenterResponseError(
        "Entra's answer to the sign-in cannot be read.",
        hint="A proxy or a gateway may stand in between; look at HUNTER_PARTNER_CENTER_AUTHORITY and at the network.",
        **facts,
    )
