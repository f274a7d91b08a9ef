"""
Take no statistics of columns that mislead the planner or that no query is planned by.

ANALYZE decompressed every sampled payload. The share of rows that are pending changes with each step of a sync.
"""

from alembic import op

revision = "0014"
down_revision = "0013"

_LONG = ("notes", "contacts", "field_errors", "domain_candidates", "solutions")
_COLUMNS = {
    "raw_referrals": ("payload",),
    "newest_versions": ("pending",),
    "normalized_referrals": _LONG,
    "partner_center_referrals": (*_LONG, "search_text"),
}


def upgrade() -> None:
    """Set the statistics target of these columns to 0."""
    for table, columns in _COLUMNS.items():
        op.execute(f"alter table {table} {', '.join(f'alter {column} set statistics 0' for column in columns)}")
