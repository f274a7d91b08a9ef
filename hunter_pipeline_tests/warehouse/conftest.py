"""A migrated database that a module's tests share, and a connection to it that leaves nothing behind."""

import uuid
from collections.abc import Iterator

import pytest

from hunter_pipeline.warehouse.connection import Connection, Warehouse
from hunter_pipeline_tests.servers import SERVERS, Server
from hunter_pipeline_tests.warehouse.installation import database_on


@pytest.fixture(scope="session", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Server:
    """The embedded server and, where there is one, the machine's own."""
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def shared_warehouse(server: Server) -> Iterator[Warehouse]:
    with database_on(server, f"shared_{uuid.uuid4().hex[:12]}") as url:
        yield Warehouse(url, server.home)


@pytest.fixture
def connection(shared_warehouse: Warehouse) -> Iterator[Connection]:
    """An open connection whose one transaction is rolled back at the end."""
    with shared_warehouse.connection() as connection:
        yield connection
        connection.rollback()
