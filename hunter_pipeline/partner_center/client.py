"""
Referrals, page by page, from Partner Center's API.

What belongs here: the list call, its paging, and what a refusal means. What does not: retries and
time-outs (http.py), tokens (auth.py), what a referral means (domain/).
"""

import uuid
from collections.abc import Iterator
from types import TracebackType
from typing import Literal, Self, cast
from urllib.parse import quote

from hunter_pipeline.config.settings import Settings
from hunter_pipeline.errors import PartnerCenterClientError
from hunter_pipeline.partner_center.auth import SignIn
from hunter_pipeline.partner_center.http import Http
from hunter_pipeline.partner_center.pagination import Page, Progress, query_of, read_page, unreadable
from hunter_pipeline.partner_center.responses import UNAUTHORIZED, Answer, refused
from hunter_pipeline.partner_center.retry import PATIENT, PROBE, RetryPolicy
from hunter_pipeline.partner_center.token_cache import TokenStore

Direction = Literal["Incoming", "Outgoing"]
REFERRALS = "/v1.0/engagements/referrals"
_CHANGED = "updatedDateTime"
_BAD_REQUEST = 400
_ODATA_PLAIN = "$=&',():/"


class PartnerCenterClient:
    """
    Reads referrals; a context manager that closes its connections.

    requests, retries: sent so far, signing in included.
    """

    def __init__(self, http: Http, sign_in: SignIn, api_url: str) -> None:
        self.http = http
        self.sign_in = sign_in
        self._list = api_url.rstrip("/") + REFERRALS
        self._api_url = api_url

    @classmethod
    def from_settings(
        cls, settings: Settings, store: TokenStore, *, policy: RetryPolicy = PATIENT, http: Http | None = None
    ) -> Self:
        """Makes no request. Raises: ConfigurationError where the client id or the tenant id is empty."""
        http = http or Http(policy)
        return cls(http, SignIn.from_settings(settings, http, store), settings.partner_center_api_url)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    @property
    def requests(self) -> int:
        """Requests sent so far, every try counted."""
        return self.http.requests

    @property
    def retries(self) -> int:
        """How many of them were second and later tries."""
        return self.http.retries

    def signed_in_as(self) -> str | None:
        """User name of whoever is signed in, None where the token file does not tell. Never log it."""
        return self.sign_in.status().username

    def pages(
        self,
        *,
        updated_since: str | None = None,
        descending: bool = False,
        direction: Direction | None = None,
        page_size: int = 200,
    ) -> Iterator[Page]:
        """
        Every page of the referrals, ordered by `updatedDateTime`; each is asked for when it is wanted.

        updated_since: a timestamp as the API writes it; None asks without that filter.
        direction:     None asks for both.
        Raises: PartnerCenterClientError with `status_code` 400 where the API refuses the filter;
                PartnerCenterResponseError for a page that cannot be read or comes again, and for links
                that lead on and on without anything new; the sign-in's
                and the network's errors. Pages that were yielded before are good, the one whose
                nextLink cannot be followed included.
        """
        query: str | None = _query(updated_since, descending, direction, page_size)
        seen: set[str] = set()
        progress = Progress()
        number = 0
        while query is not None:
            number += 1
            seen.add(query)
            answer = self._get(query, where=f"page {number} of the referrals")
            page = read_page(answer, number)
            yield page
            query = query_of(answer, page, self._api_url)  # after the yield: a wrong link does not spoil its page
            if query in seen:
                raise unreadable(answer, number, "points back to a page that was read before")
            if query is not None and progress.is_none(page):
                raise unreadable(answer, number, f"is the {progress.vain}th in a row without anything new")

    def newest_update(self, direction: Direction | None = None) -> str | None:
        """
        The `updatedDateTime` of the referral that changed last, as the API writes it; None where there is none.

        One small request that gives up within 20 seconds, sign-in included; where the filter by direction is
        refused, a second one without. Raises as `pages`.
        """
        with self.http.within(PROBE):
            try:
                answer = self._get(_query(None, True, direction, 1), where="the newest referral")
            except PartnerCenterClientError as error:
                if direction is None or error.status_code != _BAD_REQUEST:
                    raise
                answer = self._get(_query(None, True, None, 1), where="the newest referral")
        for item in read_page(answer, 1).items[:1]:
            stamp = cast("dict[str, object]", item).get(_CHANGED) if isinstance(item, dict) else None
            return stamp if isinstance(stamp, str) else None
        return None

    def _get(self, query: str, *, where: str) -> Answer:
        """A page, with one refresh and one repeat after a 401; its tries and its time are those of one request."""
        with self.http.within():
            answer = self._ask(query, where, self.sign_in.token())
            if answer.status_code == UNAUTHORIZED:
                answer = self._ask(query, where, self.sign_in.refreshed_token(), tried=answer.attempt)
        if answer.status_code >= 400:  # noqa: PLR2004
            raise refused(answer, where)
        return answer

    def _ask(self, query: str, where: str, token: str, *, tried: int = 0) -> Answer:
        headers = {"Accept": "application/json", "client-request-id": str(uuid.uuid4())}
        address = f"{self._list}?{query}"
        answer = self.http.request("GET", address, where=where, headers=headers, token=token, tried=tried)
        if answer.status_code >= 400:  # noqa: PLR2004
            self.http.close()  # who refuses may hang up as well, and the next request must not race with that
        return answer


def _query(updated_since: str | None, descending: bool, direction: Direction | None, page_size: int) -> str:
    """
    The first page's query string; a space is %20, as OData has it.

    Shape: "$filter=direction%20eq%20'Incoming'&$orderby=updatedDateTime%20asc&$top=200"
    """
    conditions = [f"direction eq '{direction}'"] if direction else []
    if updated_since is not None:
        conditions.append(f"{_CHANGED} ge {updated_since}")
    options = {
        "$filter": " and ".join(conditions),
        "$orderby": f"{_CHANGED} {'desc' if descending else 'asc'}",
        "$top": str(page_size),
    }
    return "&".join(f"{name}={quote(value, safe=_ODATA_PLAIN)}" for name, value in options.items() if value)
