"""Read pages of referrals until the list is proven to be complete."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from hunter_pipeline.config.logs import log
from hunter_pipeline.errors import PartnerCenterClientError, PartnerCenterResponseError
from hunter_pipeline.partner_center.client import PartnerCenterClient
from hunter_pipeline.partner_center.pagination import Page
from hunter_pipeline.partner_center.responses import BAD_REQUEST
from hunter_pipeline.referrals.timestamps import sortable_utc

# A list that ends after a multiple of this number of referrals may be cut off there.
_ROUND = 10


@dataclass(frozen=True, slots=True)
class PageQuery:
    """
    A query of a stream; if Partner Center refuses one of its options, the next query is tried.

    page_size: sent as `$top`; None leaves it to the server.
    """

    updated_since: str | None
    direction: Literal["Incoming", "Outgoing"] | None
    descending: bool
    page_size: int | None = None
    skip: int = 0


class ProvenPages:
    """
    The pages of a query, with a proof of completeness.

    Some servers end a list at a limit without a link to the rest. If an end may be such a cut, the list is requested
    again from the last `updatedDateTime` on, until it returns nothing new.

    Attributes:
        is_complete: after the iteration, whether nothing is known to be missing.

    Raises: the errors of `PartnerCenterClient.pages`; PartnerCenterResponseError if the list continues but cannot be
    read any further.
    """

    def __init__(self, client: PartnerCenterClient, query: PageQuery) -> None:
        self.is_complete = False
        self._client = client
        self._query = query
        self._last: str | None = None
        # The ids of the referrals with the last timestamp, which a repeated query returns again.
        self._ids_at_last: set[object] = set()

    def __iter__(self) -> Iterator[Page]:
        query = self._query
        while True:
            sizes: list[int] = []
            found_new = False
            for page in self._pages(query):
                if page is None:
                    return
                sizes.append(len(page.items))
                new = self._note(page, is_repeated=query is not self._query)
                found_new = found_new or bool(new)
                if new or query is self._query:
                    yield replace(page, items=new)
            self.is_complete = not may_be_cut(sizes, query.page_size)
            if self.is_complete:
                return
            following = self._following(query, sizes, found_new=found_new)
            if following is None:
                return
            query = following

    def _pages(self, query: PageQuery) -> Iterator[Page | None]:
        """Yield the pages of one query; yield None if a repeated query is refused."""
        try:
            yield from self._client.pages(
                updated_since=query.updated_since,
                direction=query.direction,
                descending=query.descending,
                page_size=query.page_size,
                skip=query.skip,
            )
        except PartnerCenterClientError as error:
            if query is self._query or error.status_code != BAD_REQUEST:
                raise
            if query.skip:
                raise PartnerCenterResponseError(
                    f"Partner Center ends its list after {len(self._ids_at_last)} referrals with one timestamp, and "
                    "refuses to continue it.",
                    hint="Leave HUNTER_PARTNER_CENTER_PAGE_SIZE empty, so that Partner Center chooses the page size.",
                ) from None
            log.warning("partner_center_read_not_proven", code=error.code, request_id=error.request_id)
            yield None

    def _note(self, page: Page, *, is_repeated: bool) -> list[object]:
        """Store the position in the list; return the items that were not read before."""
        new: list[object] = []
        for item, (referral_id, updated) in zip(page.items, page.identities, strict=True):
            key = sortable_utc(updated)
            is_later = key is not None and (self._last is None or key > self._last)
            is_known = not is_later and (key != self._last or _hashable(referral_id) in self._ids_at_last)
            if is_later:
                self._last, self._ids_at_last = key, set()
            if key is not None and key == self._last:
                self._ids_at_last.add(_hashable(referral_id))
            if not (is_repeated and is_known):
                new.append(item)
        return new

    def _following(self, query: PageQuery, sizes: list[int], *, found_new: bool) -> PageQuery | None:
        """Return the query that shows whether the list continues, or None if it is proven to end."""
        if query.descending or self._last is None:
            log.warning("partner_center_read_not_proven", fetched=sum(sizes))
            return None
        is_repeated = query is not self._query
        if is_repeated and not found_new:
            if query.skip or len(self._ids_at_last) < sum(sizes):
                self.is_complete = True
                return None
            return replace(query, skip=len(self._ids_at_last))
        return replace(query, updated_since=self._last, skip=0)


def may_be_cut(sizes: list[int], page_size: int | None) -> bool:
    """Return whether a list with pages of these sizes may continue: its last page is full or its end a round number."""
    total = sum(sizes)
    if total == 0:
        return False
    if len(sizes) > 1 and sizes[-1] >= max(sizes):
        return True
    return total % (page_size or _ROUND) == 0


def _hashable(value: object) -> object:
    return value if isinstance(value, str) else repr(value)
