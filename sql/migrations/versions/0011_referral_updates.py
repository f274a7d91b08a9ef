"""Answers to referrals, which a Dagster job sends to Partner Center."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Create the outbox."""
    op.execute("""
    create table referral_updates (
        id bigint generated always as identity primary key,
        referral_id text not null,
        action text not null check (action in ('accept', 'decline', 'won', 'lost', 'update')),
        operations jsonb not null,
        base_etag text,
        base_values jsonb not null,
        requested_by text not null,
        requested_at timestamptz not null default clock_timestamp(),
        send_after timestamptz not null,
        is_dry_run boolean not null,
        state text not null default 'pending' check (
            state in ('pending', 'sending', 'confirmed', 'conflict', 'rejected', 'failed', 'canceled', 'dry_run')
        ),
        request_id text not null default gen_random_uuid()::text,
        attempts integer not null default 0,
        sent_at timestamptz,
        confirmed_at timestamptz,
        warning text,
        error text,
        status_code integer,
        conflict jsonb,
        request jsonb,
        run_id text,
        claimed_by text,
        claimed_at timestamptz,
        erased boolean not null default false,
        updated_at timestamptz not null default clock_timestamp()
    );
    create index referral_updates_under_way on referral_updates (id) where state in ('pending', 'sending');
    create index referral_updates_referral on referral_updates (referral_id, id);
    comment on table referral_updates is
        'Answers to referrals: written when a person gives one, sent to Partner Center by send_referral_updates.';
    comment on column referral_updates.id is 'Number of the answer.';
    comment on column referral_updates.referral_id is 'The referral that it answers.';
    comment on column referral_updates.action is 'accept, decline, won, lost or update.';
    comment on column referral_updates.operations is 'The JSON Patch that is sent.';
    comment on column referral_updates.base_etag is 'eTag of the version that the person saw; sent as If-Match.';
    comment on column referral_updates.base_values is 'Values of that version by path.';
    comment on column referral_updates.requested_by is 'Name of the person who gave the answer.';
    comment on column referral_updates.requested_at is 'When it was given.';
    comment on column referral_updates.send_after is 'Until then it can be taken back.';
    comment on column referral_updates.is_dry_run is 'It was given under HUNTER_WRITE_BACK=dry-run and is never sent.';
    comment on column referral_updates.state is
        'pending, sending, confirmed, conflict, rejected, failed, canceled or dry_run.';
    comment on column referral_updates.request_id is 'The request-id header of every try, which makes them one.';
    comment on column referral_updates.attempts is 'How many times it was sent.';
    comment on column referral_updates.sent_at is 'When it was sent last.';
    comment on column referral_updates.confirmed_at is 'When Partner Center was read and showed it.';
    comment on column referral_updates.warning is 'What the person was warned of, such as an early won.';
    comment on column referral_updates.error is 'Why it is not confirmed.';
    comment on column referral_updates.status_code is 'HTTP status of the last answer of Partner Center.';
    comment on column referral_updates.conflict is 'Fields that somebody else changed: path, base, ours, theirs.';
    comment on column referral_updates.request is 'The request that a dry run would have sent.';
    comment on column referral_updates.run_id is 'The Dagster run that handled it last.';
    comment on column referral_updates.claimed_by is 'Host, process id and start of the process that sends it.';
    comment on column referral_updates.claimed_at is 'When that process last showed that it lives.';
    comment on column referral_updates.erased is 'It named a person who was forgotten; its texts are gone.';
    comment on column referral_updates.updated_at is 'When the row last changed.';
    """)
