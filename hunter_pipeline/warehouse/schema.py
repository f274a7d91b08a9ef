"""
Compare the database's schema with the one of this version by one query, without Alembic.

The upgrade is in `migrate.py`, which is imported only if it is needed.
"""

import hashlib
from functools import cache

from hunter_pipeline.config.project_files import project_file
from hunter_pipeline.warehouse.connection import Connection, Warehouse

_FILES = ("sql/migrations/versions/*.py", "sql/views/*.sql", "sql/data/*.csv")


@cache
def fingerprint() -> str:
    """Return the hash of this version's migrations, views and shipped rows; `migrate.upgrade` stores it."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in _FILES for path in project_file("").glob(pattern)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return f"schema {digest.hexdigest()}"


def is_current(connection: Connection) -> bool:
    """Return whether the schema has exactly this version's migrations and views."""
    row = connection.execute("select obj_description(to_regclass('alembic_version'), 'pg_class') as mark").fetchone()
    return row is not None and row["mark"] == fingerprint()


def ensure_current(warehouse: Warehouse) -> None:
    """
    Create or upgrade the schema if it is not the one of this version.

    Raises: DatabaseError, also if the database user may not change the schema.
    """
    with warehouse.connection() as connection:
        current = is_current(connection)
    if not current:
        from hunter_pipeline.warehouse import migrate  # noqa: PLC0415 - Alembic takes half a second to import

        migrate.upgrade(warehouse)
