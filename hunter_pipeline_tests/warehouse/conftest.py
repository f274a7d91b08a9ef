"""A migrated database that a module's tests share, and a connection to it that leaves nothing behind."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from hunter_pipeline.warehouse.connection import Connection, Warehouse
from hunter_pipeline_tests.warehouse.office import database_on


@pytest.fixture(scope="module")
def shared_warehouse(server: Path) -> Iterator[Warehouse]:
    with database_on(server, f"shared_{uuid.uuid4().hex[:12]}") as url:
        yield Warehouse(url, server)


@pytest.fixture
def connection(shared_warehouse: Warehouse) -> Iterator[Connection]:
    """An open connection whose one transaction is rolled back at the end."""
    with shared_warehouse.connection() as connection:
        yield connection
        connection.rollback()
