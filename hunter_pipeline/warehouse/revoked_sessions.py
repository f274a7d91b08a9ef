"""Store the sessions of the lead desk that were signed out, so that all its processes refuse them."""

import hashlib
from datetime import datetime

from hunter_pipeline.warehouse.connection import Connection, execute, fetch_value


def revoke(connection: Connection, cookie: str, expires_at: datetime) -> None:
    """Store a revoked session, and delete those that have expired."""
    execute(connection, "revoke_session", session_hash=_hash(cookie), expires_at=expires_at)
    execute(connection, "delete_expired_sessions")


def is_revoked(connection: Connection, cookie: str) -> bool:
    """Return whether the session of this cookie was signed out."""
    return bool(fetch_value(connection, "is_session_revoked", session_hash=_hash(cookie)))


def _hash(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()
