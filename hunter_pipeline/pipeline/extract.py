"""Read referrals from Partner Center and store them page by page in raw_referrals."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import cast

from hunter_pipeline.config.logs import log
from hunter_pipeline.errors import DatabaseError, PartnerCenterClientError, PartnerCenterError
from hunter_pipeline.partner_center.client import PartnerCenterClient
from hunter_pipeline.partner_center.pagination import Page
from hunter_pipeline.pipeline.extract_state import ExtractState, Stream
from hunter_pipeline.pipeline.pages import PageQuery, ProvenPages
from hunter_pipeline.referrals.addresses import canonical_address
from hunter_pipeline.referrals.erasure import redact
from hunter_pipeline.referrals.payloads import RawVersion, Rejected, WireReferral
from hunter_pipeline.referrals.timestamps import sortable_utc, to_datetime
from hunter_pipeline.warehouse import erasure, raw_referrals, sync_cursors, sync_lease, sync_runs, tables
from hunter_pipeline.warehouse.connection import Connection, write_transaction
from hunter_pipeline.warehouse.sync_cursors import Read

# The overlap of an incremental read with the last one: Partner Center's index lags behind its clock.
OVERLAP = timedelta(minutes=5)
# The largest number of referrals that one run requests by id because a full read did not return them.
MAX_LOOKUPS = 200

_BAD_REQUEST = 400


def extract(
    client: PartnerCenterClient,
    connection: Connection,
    stream: Stream,
    *,
    mode: str,
    run_id: str,
    page_size: int | None = None,
) -> ExtractState:
    """
    Store the referrals that changed since the last success (or all), page by page.

    Each page is stored with the cursor and the counts in one transaction, so an interrupted read continues after its
    last page. Raises: PartnerCenterError (stored pages stay), DatabaseError.
    """
    with write_transaction(connection):
        read = sync_cursors.begin_read(connection, stream.name, mode)
        registry = erasure.load_registry(connection)
    state = ExtractState(stream, read, run_id, _since(read), read.watermark, read.cursor, registry, _reader(client))
    try:
        _read_with_fallbacks(client, connection, state, page_size)
    finally:
        state.requests, state.retries = client.requests, client.retries
        if not connection.closed:
            sync_runs.record_extract(connection, run_id, **state.counts())
            connection.commit()
    gone = _confirm_gone(client, connection, state) if state.mode == "full" else []
    _finish(connection, state, gone)
    return state


def _confirm_gone(client: PartnerCenterClient, connection: Connection, state: ExtractState) -> list[str]:
    """
    Request by id the referrals that a full read did not return; return those that Partner Center does not have.

    A list that changes while it is read can leave out a referral. If less than half of the known referrals were
    returned, a lost role is likelier than that many deletions, and nothing is requested.
    """
    stream, read = state.stream, state.read
    with write_transaction(connection):
        returned, known = sync_cursors.count_full_read(
            connection, stream.name, direction=stream.direction, started_at=read.started_at
        )
        unseen = sync_cursors.unseen_referrals(
            connection, direction=stream.direction, started_at=read.started_at, at_most=MAX_LOOKUPS
        )
    if returned * 2 < known or not state.complete:
        return []
    gone: list[str] = []
    for referral_id in unseen:
        try:
            if not client.has_referral(referral_id):
                gone.append(referral_id)
        except PartnerCenterError as error:
            log.warning("partner_center_lookup_failed", error=error.message, left=len(unseen) - len(gone))
            break
    return gone


def _finish(connection: Connection, state: ExtractState, gone: list[str]) -> None:
    """Close the read and store its watermark."""
    stream = state.stream
    with write_transaction(connection):
        sync_cursors.confirm_gone(connection, gone)
        sync_cursors.finish_read(connection, stream.name, state.watermark)
        if state.since is None and state.reader is not None:
            sync_cursors.keep_visibility(connection, stream.name, read=state.fetched, naming_reader=state.naming)


def apply_retention(connection: Connection, *, days: int | None) -> int:
    """
    Delete raw versions that are older than the retention; None keeps everything.

    Returns the numbers of deleted versions and quarantined payloads. Raises: DatabaseError.
    """
    if days is None:
        return 0
    with write_transaction(connection):
        versions, payloads = raw_referrals.drop_superseded(connection, days=days)
        tables.change_count(connection, "raw_referrals", -versions)
    return versions + payloads


def names_in_team(item: object, address: str) -> bool:
    """Return whether a referral's own `team` (the partner's and Microsoft's people) has a person with this address."""
    if isinstance(item, WireReferral):
        team = item.parsed_team()
    else:
        team = cast("dict[str, object]", item).get("team") if isinstance(item, dict) else None
    members = cast("list[object]", team) if isinstance(team, list) else []
    addresses = [cast("dict[str, object]", member).get("email") for member in members if isinstance(member, dict)]
    return any(isinstance(email, str) and canonical_address(email) == address for email in addresses)


def _reader(client: PartnerCenterClient) -> str | None:
    name = client.signed_in_as()
    return canonical_address(name) if name else None


def _since(read: Read) -> str | None:
    """Return the start of the read: after the last page of an interrupted read, else a little before the watermark."""
    if read.cursor is not None:
        return read.cursor
    if read.mode == "full" or read.watermark is None:
        return None
    try:
        return _key(min(to_datetime(read.watermark), datetime.now(UTC)) - OVERLAP)
    except OverflowError:  # five minutes before the first datetime cannot be represented
        return read.watermark


def _queries(stream: Stream, since: str | None, page_size: int | None) -> Iterator[PageQuery]:
    """Yield the queries to try, from the most selective one to the one without options."""
    for size in (page_size, None) if page_size else (None,):
        yield PageQuery(since, stream.only, descending=False, page_size=size)
        if since is not None:
            yield PageQuery(None, stream.only, descending=True, page_size=size)
        if stream.only is not None:
            yield PageQuery(None, None, descending=since is not None, page_size=size)


def _read_with_fallbacks(
    client: PartnerCenterClient, connection: Connection, state: ExtractState, page_size: int | None
) -> None:
    refusal: PartnerCenterClientError | None = None
    for query in _queries(state.stream, state.since, page_size):
        try:
            return _read_pages(ProvenPages(client, query), connection, state, query)
        except PartnerCenterClientError as error:
            if error.status_code != _BAD_REQUEST or state.pages:
                raise
            refusal = error
            log.warning("partner_center_query_refused", code=error.code, request_id=error.request_id)
    if refusal is not None:
        raise refusal
    return None


def _read_pages(pages: ProvenPages, connection: Connection, state: ExtractState, query: PageQuery) -> None:
    last: str | None = None
    reached = state.cursor
    in_order = True
    for page in _read_ahead(iter(pages)):
        # The header has whole seconds: a change within that second is not in the future.
        state.started_at = state.started_at or _key((page.served_at or datetime.now(UTC)) + timedelta(seconds=1))
        items = [item if isinstance(item, WireReferral) else redact(item, state.registry) for item in page.items]
        if state.reader is not None and state.since is None:
            state.naming += sum(names_in_team(item, state.reader) for item in page.items)
        keys = [key for item in items if (key := _updated_key(item))]
        in_order = in_order and _is_sorted([*([last] if last else []), *keys], descending=query.descending)
        last = keys[-1] if keys else last
        if state.pages:  # one ordered page may be chance; a second one that continues it shows an order
            reached = _latest(reached, *state.past(keys))
        _land(connection, state, items, keys, cursor=reached if in_order and not query.descending else None)
        if query.descending and in_order and state.since and last and last < state.since:
            return
    state.complete = pages.is_complete


def _read_ahead(pages: Iterator[Page]) -> Iterator[Page]:
    """Yield pages, requesting the next one while the caller processes the last one."""
    context = copy_context()  # the run's id, for the log
    with ThreadPoolExecutor(1, thread_name_prefix="next page") as pool:
        upcoming = pool.submit(context.run, next, pages, None)
        while (page := upcoming.result()) is not None:
            upcoming = pool.submit(context.run, next, pages, None)
            yield page


def _updated_key(item: WireReferral | RawVersion | Rejected) -> str | None:
    if isinstance(item, WireReferral):
        return sortable_utc(item.updated)
    return item.source_updated_key if isinstance(item, RawVersion) else None


def _land(
    connection: Connection,
    state: ExtractState,
    items: Sequence[WireReferral | RawVersion | Rejected],
    keys: list[str],
    *,
    cursor: str | None,
) -> None:
    """Store one page with the cursor and the counts; for unchanged referrals only the time of the read."""
    arrived = {item.referral_id: item.wire_hash for item in items if isinstance(item, WireReferral)}
    with write_transaction(connection):
        if not sync_lease.renew(connection, state.run_id):
            raise DatabaseError(
                "Another sync has taken over, because this one has not renewed its lease in time.",
                hint="Nothing is lost; the other one continues from the last page.",
            )
        known = raw_referrals.note_sightings(connection, arrived, seen_at=state.read.started_at)
        new = [
            redact(item, state.registry) if isinstance(item, WireReferral) else item
            for item in items
            if not (isinstance(item, WireReferral) and known.get(item.referral_id) == item.wire_hash)
        ]
        versions = [item for item in new if isinstance(item, RawVersion)]
        rejected = [item for item in new if isinstance(item, Rejected)]
        landed, quarantined = raw_referrals.land(
            connection, versions, rejected, seen_at=state.read.started_at, run_id=state.run_id
        )
        tables.change_count(connection, "raw_referrals", landed)
        state.watermark = min(_latest(state.watermark, *keys) or "", state.started_at or "") or None
        state.cursor = cursor
        state.pages += 1
        state.fetched += len(items)
        state.landed += landed
        state.quarantined += quarantined
        sync_cursors.advance_read(connection, state.stream.name, state.cursor)
        sync_runs.record_extract(connection, state.run_id, **state.counts())
    log.info("partner_center_page", page=state.pages, fetched=state.fetched, landed=state.landed)


def _is_sorted(keys: list[str], *, descending: bool) -> bool:
    return all(second <= first if descending else first <= second for first, second in pairwise(keys))


def _key(moment: datetime) -> str:
    return sortable_utc(moment.isoformat()) or ""


def _latest(*keys: str | None) -> str | None:
    return max((key for key in keys if key), default=None)
