"""`hunter db`: the schema and the embedded server."""

import sys

import typer

from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.warehouse import embedded, migrate
from hunter_pipeline.warehouse.connection import Warehouse

app = typer.Typer(help="The database: its schema, its address, the embedded server.", no_args_is_help=True)


@app.command()
def upgrade() -> None:
    """
    Bring the schema up to date; harmless where it is.

    It waits for a sync that is under way. Dagster's tables are brought up to date as well, where they are this user's.
    """
    settings = load_settings()
    revision = migrate.upgrade(Warehouse.from_settings(settings), waiting=_say_waiting)
    print(f"The schema is at revision {revision}.")
    from hunter_pipeline.local import dagster_instance  # noqa: PLC0415 - Dagster takes a second to import

    dagster_instance.upgrade_storage(settings)


@app.command()
def status() -> None:
    """Say which revision the schema has."""
    revision, newest = migrate.status(Warehouse.from_settings(load_settings()))
    if revision == newest:
        print(f"The schema is at revision {revision}, the newest.")
    else:
        print(f"The schema is at revision {revision or 'none'}, the newest is {newest}. Run: hunter db upgrade")


@app.command()
def url() -> None:
    """Print the database's address, starting the embedded server."""
    print(Warehouse.from_settings(load_settings()).address())


@app.command()
def stop() -> None:
    """Stop the embedded server."""
    settings = load_settings()
    if settings.database_url is not None:
        print("HUNTER_DATABASE_URL is set: that server is not ours to stop.")
    else:
        print("Stopped." if embedded.stop(settings.home) else "It was not running.")


def _say_waiting() -> None:
    print("Waiting for the sync that is under way.", file=sys.stderr, flush=True)
