"""A database with a few referrals of known content, for tests that look at lists rather than at syncs."""

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
from hunter_pipeline_tests.warehouse.office import database_on

NOW = datetime.now(UTC).replace(microsecond=0)
NOWHERE = "http://127.0.0.1:9"
"""Where no Dagster is: the port that discards."""
TYPES = ("co-sell", "marketplace", "solution-provider", None)
STATUSES = ("New", "Active", "Closed")


def row(number: int, **changes: Any) -> dict[str, Any]:
    """Referral `number`: its type, status, country, value and dates follow from the number."""
    made: dict[str, Any] = {
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
            [{"name": f"Kim {number}", "email": f"kim{number}@company.com", "phone": None, "title": None}]
        ),
        "source_created_at": NOW - timedelta(days=number),
        "source_updated_at": None if number % 7 == 0 else NOW - timedelta(hours=number),
        "expires_at": None if number % 4 == 0 else NOW + timedelta(days=number % 30),
    }
    return made | changes


def _kim(number: int) -> dict[str, Any]:
    return {"name": f"Kim {number}", "email": f"kim{number}@company.com", "phone": None, "title": None}


@contextmanager
def stored(server: Server, rows: list[dict[str, Any]]) -> Iterator[Settings]:
    """A database that holds these referrals; the settings of a service on it, without a Dagster."""
    with database_on(server, f"desk_{uuid.uuid4().hex[:12]}") as url:
        with psycopg.connect(url) as connection:
            for values in rows:
                names = ", ".join(values)
                places = ", ".join(f"%({name})s" for name in values)
                insert = f"insert into partner_center_referrals ({names}) values ({places})"
                connection.execute(cast("Any", insert), values)
        yield settings_on(url, server.home)


def settings_on(url: str, home: Path, **changes: Any) -> Settings:
    """The settings of a service on this database; nothing of the machine's environment is in them."""
    values = {"database_url": SecretStr(url), "home": home, "dagster_url": NOWHERE, **changes}
    return Settings(_env_file=None).model_copy(update=values)  # pyright: ignore[reportCallIssue]
