"""Provide a migrated database per module and a connection that is rolled back."""

import uuid
from collections.abc import Iterator

import pytest

from hunter_pipeline.warehouse.connection import Connection, Warehouse
from hunter_pipeline_tests.servers import SERVERS, Server
from hunter_pipeline_tests.warehouse.installation import database_on


@pytest.fixture(scope="session", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Server:
    """Return the embedded server and, if there is one, a server of the machine."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def shared_warehouse(server: Server) -> Iterator[Warehouse]:
    with database_on(server, f"shared_{uuid.uuid4().hex[:12]}") as url:
        yield Warehouse(url, server.home)


@pytest.fixture
def connection(shared_warehouse: Warehouse) -> Iterator[Connection]:
    """Open a connection with one transaction that is rolled back at the end."""
    with shared_warehouse.connection() as connection:
        yield connection
        connection.rollback()
