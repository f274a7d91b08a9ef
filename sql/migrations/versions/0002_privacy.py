"""People who asked to be forgotten, and what tells that a reader does not see every referral."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the memory of the forgotten, and mark what they were taken out of."""
    op.execute("""
    create table forgetting_key (
        only_one boolean primary key default true check (only_one),
        key bytea not null
    );
    comment on table forgetting_key is 'The key under which forgotten people are hashed: drawn once, never changed.';
    insert into forgetting_key (key)
    values (decode(replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex'));

    create table forgotten_people (
        address_hash text primary key,
        forgotten_at timestamptz not null default now()
    );
    comment on table forgotten_people is
        'Who was forgotten by `hunter forget`, as a keyed hash of the e-mail address: later syncs leave them out.';

    create table forgotten_traces (
        address_hash text not null references forgotten_people on delete cascade,
        trace_hash text not null,
        primary key (address_hash, trace_hash)
    );
    comment on table forgotten_traces is 'Keyed hashes of the names and numbers that a forgotten person had.';

    create table forgotten_in (
        referral_hash text not null,
        address_hash text not null references forgotten_people on delete cascade,
        primary key (referral_hash, address_hash)
    );
    comment on table forgotten_in is 'Which referrals named a forgotten person, as keyed hashes of their ids.';

    alter table raw_referrals add erased boolean not null default false;
    comment on column raw_referrals.erased is
        'A forgotten person was taken out of the payload; content_hash is a keyed one of what arrived.';
    comment on table raw_referrals is
        'Every version of every referral that Partner Center has shown us. Personal data.';
    alter table quarantined_referrals add erased boolean not null default false;

    alter table sync_cursors add visible_read integer, add visible_naming_reader integer;
    comment on column sync_cursors.visible_naming_reader is
        'How many of the visible_read referrals of the last whole read name whoever is signed in in their team.';
    """)
