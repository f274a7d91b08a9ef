"""The sign-in to Partner Center, where nodes share it: one row, which only the keys of HUNTER_TOKEN_KEYS open."""

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the place for the encrypted sign-in."""
    op.execute("""
    create table sign_in (
        only_one boolean primary key default true check (only_one),
        sealed text not null,
        saved_at timestamptz not null default now()
    );
    comment on table sign_in is
        'The sign-in to Partner Center, encrypted with the first key of HUNTER_TOKEN_KEYS; empty without keys.';
    """)
