"""Databases with known referrals, for tests of lists and pages that need no sync."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import psycopg
from psycopg.types.json import Jsonb
from pydantic import SecretStr

from hunter_pipeline.config.settings import Settings
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.warehouse.installation import database_on

NOW = datetime.now(UTC).replace(microsecond=0)
# An address without a Dagster: the discard port.
NO_DAGSTER = "http://127.0.0.1:9"
TYPES = ("co-sell", "marketplace", "solution-provider", None)
STATUSES = ("New", "Active", "Closed")


def referral_row(number: int, **changes: Any) -> dict[str, Any]:
    """Return a row of `partner_center_referrals` whose type, status, country, value and dates depend on the number."""
    row: dict[str, Any] = {
        "referral_id": f"referral-{number:03d}",
        "content_hash": "h",
        "name": f"Deal {number}",
        "company_name": f"Company {number:03d}",
        "domain": f"company{number // 2}.com",
        "referral_type": TYPES[number % 4],
        "status": STATUSES[number % 3],
        "country": ("DE", "TR", None)[number % 3],
        "deal_value": None if number % 5 == 0 else number * 10,
        "contacts": Jsonb(
            [
                {
                    "name": f"Kim {number}",
                    "email": f"kim{number}@company.com",
                    "phone": None,
                    "title": None,
                    "email_text": None,
                }
            ]
        ),
        "source_created_at": NOW - timedelta(days=number),
        "source_updated_at": None if number % 7 == 0 else NOW - timedelta(hours=number),
        "expires_at": None if number % 4 == 0 else NOW + timedelta(days=number % 30),
    }
    return row | changes


@contextmanager
def seeded_database(server: Server, rows: list[dict[str, Any]]) -> Iterator[Settings]:
    """Create a database with these referrals; yield the settings of a service on it, without Dagster."""
    with database_on(server, f"desk_{uuid.uuid4().hex[:12]}") as url:
        with psycopg.connect(url) as connection:
            for row in rows:
                columns = ", ".join(row)
                values = ", ".join(f"%({column})s" for column in row)
                insert = f"insert into partner_center_referrals ({columns}) values ({values})"
                connection.execute(cast("Any", insert), row)
        yield settings_for(url, server.home)


def settings_for(url: str, home: Path, **changes: Any) -> Settings:
    """Return the settings of a service on this database, independent of the environment."""
    values = {"database_url": SecretStr(url), "home": home, "dagster_url": NO_DAGSTER, **changes}
    return Settings(_env_file=None).model_copy(update=values)  # pyright: ignore[reportCallIssue]
