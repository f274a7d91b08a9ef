"""`hunter db`: the schema and the embedded server."""

import typer

from hunter_pipeline.cli.output import print_waiting_for_sync
from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.warehouse import embedded, migrate
from hunter_pipeline.warehouse.connection import Warehouse

app = typer.Typer(help="Manage the database: its schema, its URL, the embedded server.", no_args_is_help=True)


@app.command()
def upgrade() -> None:
    """
    Upgrade the schema to the newest revision.

    Waits for a sync in progress. Dagster's tables are upgraded as well if this user owns them.
    """
    revision = migrate.upgrade(_warehouse(), waiting=print_waiting_for_sync)
    print(f"The schema is at revision {revision}.")
    from hunter_pipeline.local import dagster_instance  # noqa: PLC0415 - Dagster takes a second to import

    dagster_instance.upgrade_storage(load_settings())


@app.command()
def status() -> None:
    """Print the revision of the schema."""
    revision, newest = migrate.status(_warehouse())
    if revision == newest:
        print(f"The schema is at revision {revision}, the newest.")
    else:
        print(f"The schema is at revision {revision or 'none'}, the newest is {newest}. Run: hunter db upgrade")


@app.command()
def url() -> None:
    """Print the URL of the database, starting the embedded server."""
    print(_warehouse().address())


@app.command()
def stop() -> None:
    """Stop the embedded server."""
    settings = load_settings()
    if settings.database_url is not None:
        print("HUNTER_DATABASE_URL is set: hunter stops only the embedded server.")
    else:
        print("Stopped." if embedded.stop(settings.home) else "The embedded server was not running.")


def _warehouse() -> Warehouse:
    return Warehouse.from_settings(load_settings())
