"""Sessions of the lead desk that ended before they expired."""

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the list of sessions that were signed out."""
    op.execute("""
    create table revoked_sessions (
        session_hash text primary key,
        expires_at timestamptz not null
    );
    comment on table revoked_sessions is
        'Sessions of the lead desk that were signed out; a row is deleted once the session would have expired.';
    comment on column revoked_sessions.session_hash is 'SHA-256 of the session cookie, in hexadecimal.';
    comment on column revoked_sessions.expires_at is 'When the cookie is no longer valid in any case.';
    """)
