"""`hunter db`: the schema and the embedded server."""

import typer

from hunter_pipeline.settings import load_settings
from hunter_pipeline.warehouse import embedded, migrate
from hunter_pipeline.warehouse.connection import Warehouse

app = typer.Typer(help="The database: its schema, its address, the embedded server.", no_args_is_help=True)


@app.command()
def upgrade() -> None:
    """
    Bring the schema up to date; harmless where it is.

    Dagster's tables as well, in the database that DAGSTER_PG_URL names or in one of their own beside the pipeline's.
    """
    from hunter_pipeline import instance  # noqa: PLC0415 - Dagster takes a second to import

    settings = load_settings()
    instance.prepare(settings)
    instance.upgrade_storage(settings)
    print(f"The schema is at revision {migrate.status(Warehouse.from_settings(settings))[0]}.")


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
