"""`hunter sandbox`: the Partner Center and Entra simulator alone."""

import shlex
from typing import Annotated

import typer

from hunter_pipeline.domain.errors import ConfigurationError


def sandbox(
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, help="Port on loopback; 0 takes a free one.")] = 8443,
    referrals: Annotated[int, typer.Option("--referrals", min=0, help="How many incoming referrals.")] = 739,
    seed: Annotated[int, typer.Option("--seed", help="The same seed makes the same world.")] = 42,
    change_every: Annotated[
        float | None, typer.Option("--change-every", min=0.1, help="Seconds between two changes; none if not given.")
    ] = None,
) -> None:
    """Run a Partner Center and an Entra on loopback, until Ctrl-C."""
    from hunter_pipeline.sandbox import Sandbox, SandboxOptions, serve_forever  # noqa: PLC0415

    def announce(running: Sandbox) -> None:
        print(f"Partner Center and Entra answer at {running.url}. To use them, in another terminal:\n")
        for name, value in running.environment().items():
            print(f"export {name}={shlex.quote(value)}")
        print("\nFaults: POST a JSON object to /sandbox/faults. Ctrl-C ends it.", flush=True)

    options = SandboxOptions(port=port, referrals=referrals, seed=seed, change_every_seconds=change_every)
    try:
        serve_forever(options, announce)
    except OSError as error:
        raise ConfigurationError(
            f"The sandbox cannot listen on port {port} ({error.strerror}).", hint="Name another one: --port 8444"
        ) from error
