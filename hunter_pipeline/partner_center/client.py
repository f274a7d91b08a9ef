"""Read and update referrals through Partner Center's API."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Literal, Self
from urllib.parse import quote

from hunter_pipeline.errors import PartnerCenterClientError
from hunter_pipeline.partner_center.auth import SignIn
from hunter_pipeline.partner_center.http import PROBE_POLICY, ApiRequest, Http
from hunter_pipeline.partner_center.pagination import (
    MAX_PAGES_WITHOUT_PROGRESS,
    UPDATED,
    Page,
    next_query,
    read_page,
    read_single,
    unreadable_page,
)
from hunter_pipeline.partner_center.responses import BAD_REQUEST, NOT_FOUND, UNAUTHORIZED, ApiResponse, request_refused
from hunter_pipeline.referrals.referral import Payload

Direction = Literal["Incoming", "Outgoing"]
REFERRALS_PATH = "/v1.0/engagements/referrals"
# Characters that OData's query options contain and that need no encoding there.
_SAFE_IN_QUERY = "$=&',():/"


class PartnerCenterClient:
    """A client of the referrals API; a context manager that closes its connections."""

    def __init__(self, http: Http, sign_in: SignIn, api_url: str) -> None:
        self.http = http
        self.sign_in = sign_in
        self._api_url = api_url
        self._list_url = api_url.rstrip("/") + REFERRALS_PATH

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    @property
    def requests(self) -> int:
        """Return how many requests were sent so far, retries and the sign-in included."""
        return self.http.requests

    @property
    def retries(self) -> int:
        """Return how many of these requests were retries."""
        return self.http.retries

    def signed_in_as(self) -> str | None:
        """Return the user name of the signed-in account, or None if the stored sign-in names none. Never log it."""
        return self.sign_in.status().username

    def pages(
        self,
        *,
        updated_since: str | None = None,
        descending: bool = False,
        direction: Direction | None = None,
        page_size: int | None = None,
        skip: int = 0,
    ) -> Iterator[Page]:
        """
        Yield the pages of the referral list, ordered by `updatedDateTime`; each is requested when it is needed.

        Args:
            updated_since: a timestamp as the API writes it; None does not filter by it.
            direction: None reads both.
            page_size: sent as `$top`; None leaves it to the server.
            skip: referrals at the beginning to leave out.

        Raises:
            PartnerCenterClientError: with `status_code` 400 if the API refuses a filter.
            PartnerCenterResponseError: a page that cannot be read, is repeated, or makes no progress.
            PartnerCenterError: the errors of `SignIn.token` and `Http.send`.
                Pages that were yielded before an error are good, also the one with a bad nextLink.
        """
        query: str | None = _first_query(updated_since, descending, direction, page_size, skip)
        queries: set[str] = set()
        known_pages = {Page(0, []).fingerprint}
        number = stalled = 0
        while query is not None:
            number += 1
            queries.add(query)
            response = self._get(query, label=f"page {number} of the referrals")
            page = read_page(response, number)
            yield page
            # After the yield, because a bad link does not make its page bad.
            query = next_query(response, page, self._api_url)
            if query in queries:
                raise unreadable_page(response, number, "links to a page that was read before")
            stalled = stalled + 1 if page.fingerprint in known_pages else 0
            known_pages.add(page.fingerprint)
            if query is not None and stalled >= MAX_PAGES_WITHOUT_PROGRESS:
                raise unreadable_page(response, number, f"is the {stalled}th in a row without anything new")

    def newest_update(self, direction: Direction | None = None) -> str | None:
        """
        Return the newest `updatedDateTime` as the API writes it, None if there is no referral.

        It is one small request, limited to 20 seconds with the sign-in, and others without the filter by direction and
        without `$top` if the API refuses those. Raises: the errors of `pages`.
        """
        newest_first = partial(_first_query, descending=True)
        queries = [newest_first(direction=direction, page_size=1), newest_first(page_size=1), newest_first()]
        with self.http.shared_deadline(PROBE_POLICY):
            response = self._first_accepted(list(dict.fromkeys(queries)), "the newest referral")
        page = read_page(response, 1)
        timestamp = page.identities[0][1] if page.items else None
        return timestamp if isinstance(timestamp, str) else None

    def referral_url(self, referral_id: str) -> str:
        """Return the address of one referral."""
        return f"{self._list_url}/{quote(referral_id, safe='')}"

    def has_referral(self, referral_id: str) -> bool:
        """Return whether Partner Center has a referral of this id. Raises: the errors of `pages`."""
        return self.read_referral(referral_id) is not None

    def read_referral(self, referral_id: str) -> Payload | None:
        """
        Return a referral in the form of the list's items, without OData's annotations; None if the id is unknown.

        Raises: the errors of `pages`; PartnerCenterResponseError if the response is not a referral with this id.
        """
        try:
            response = self._request(self.referral_url(referral_id), "a referral")
        except PartnerCenterClientError as error:
            if error.status_code == NOT_FOUND:
                return None
            raise
        return read_single(response, referral_id)

    def _first_accepted(self, queries: list[str], label: str) -> ApiResponse:
        """Return the response to the first query that the API does not refuse as a bad request."""
        for query in queries[:-1]:
            try:
                return self._get(query, label=label)
            except PartnerCenterClientError as error:
                if error.status_code != BAD_REQUEST:
                    raise
        return self._get(queries[-1], label=label)

    def _get(self, query: str, *, label: str) -> ApiResponse:
        return self._request(f"{self._list_url}?{query}", label)

    def _request(self, url: str, label: str) -> ApiResponse:
        """Send a GET request. Raises PartnerCenterError for a 4xx as well."""
        response = self.request("GET", url, label)
        if response.status_code >= BAD_REQUEST:
            raise request_refused(response, label)
        return response

    def request(
        self, method: str, url: str, label: str, headers: dict[str, str] | None = None, body: str | None = None
    ) -> ApiResponse:
        """
        Send a request; after a 401 once more with a new token, within the same tries and the same time.

        Returns the response to a 4xx as well. Raises: the errors of `SignIn.token` and `Http.send`.
        """
        with self.http.shared_deadline():
            request = ApiRequest(method, url, label, headers=headers, data=body, token=self.sign_in.token())
            response = self._send(request)
            if response.status_code == UNAUTHORIZED:
                again = replace(request, token=self.sign_in.refreshed_token())
                response = self._send(again, tried=response.attempt)
        return response

    def _send(self, request: ApiRequest, *, tried: int = 0) -> ApiResponse:
        headers = {"Accept": "application/json", **(request.headers or {}), "client-request-id": str(uuid.uuid4())}
        response = self.http.send(replace(request, headers=headers), tried=tried)
        if response.status_code >= BAD_REQUEST:
            # A server that refuses may close the connection as well; the next request takes a new one.
            self.http.close()
        return response


def _first_query(
    updated_since: str | None = None,
    descending: bool = False,
    direction: Direction | None = None,
    page_size: int | None = None,
    skip: int = 0,
) -> str:
    """
    Return the query string of the first page, with a space as %20.

    "$filter=direction%20eq%20'Incoming'&$orderby=updatedDateTime%20asc&$top=200"
    """
    conditions = [f"direction eq '{direction}'"] if direction else []
    if updated_since is not None:
        conditions.append(f"{UPDATED} ge {updated_since}")
    options = {
        "$filter": " and ".join(conditions),
        "$orderby": f"{UPDATED} {'desc' if descending else 'asc'}",
        "$top": str(page_size) if page_size else "",
        "$skip": str(skip) if skip else "",
    }
    return "&".join(f"{name}={quote(value, safe=_SAFE_IN_QUERY)}" for name, value in options.items() if value)
