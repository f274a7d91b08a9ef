"""`hunter sandbox`: the Partner Center and Entra simulator alone."""

import dataclasses
import json
import shlex
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from hunter_pipeline.errors import ConfigurationError
from hunter_pipeline.sandbox import Fault, Sandbox, SandboxOptions, serve_forever


def sandbox(
    port: Annotated[
        int, typer.Option("--port", min=0, max=65_535, help="Port on loopback; 0 takes a free one.")
    ] = 8443,
    referrals: Annotated[int, typer.Option("--referrals", min=0, help="Number of Incoming referrals.")] = 739,
    seed: Annotated[int, typer.Option("--seed", help="The same seed generates the same referrals.")] = 42,
    change_every: Annotated[
        float | None,
        typer.Option("--change-every", min=0.1, help="Seconds between two changes; no changes by default."),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            metavar="JSON",
            help="""A fault to inject, e.g. '{"where": "list", "kind": "429", "times": 2}'; repeatable.""",
        ),
    ] = None,
) -> None:
    """Run the simulator of Partner Center and Entra alone."""
    faults = [_parse_fault(text) for text in fault or ()]

    def print_usage(running: Sandbox) -> None:
        print(f"Partner Center and Entra answer at {running.url}. To use them in another terminal:\n")
        for name, value in running.environment().items():
            print(f"export {name}={shlex.quote(value)}")
        print("\nTo inject a fault, POST a JSON object to /sandbox/faults. Ctrl-C stops the sandbox.", flush=True)

    options = SandboxOptions(
        port=port, referrals=referrals, seed=seed, change_every_seconds=change_every, faults=faults
    )
    try:
        serve_forever(options, print_usage)
    except OSError as error:
        raise ConfigurationError(
            f"The sandbox cannot listen on port {port} ({error.strerror}).", hint="Choose another port: --port 8444"
        ) from error


def _parse_fault(text: str) -> Fault:
    """Return the fault that a JSON text describes; raise ConfigurationError for one that is not valid."""
    try:
        fault = TypeAdapter(Fault).validate_json(text)
        unknown = json.loads(text).keys() - {field.name for field in dataclasses.fields(Fault)}
        if not unknown:
            return fault
        reason = f"a fault has no {', '.join(sorted(unknown))}"
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        reason = f"{field}: {first['msg']}" if field else first["msg"].removeprefix("Value error, ")
    raise ConfigurationError(
        f"--fault is {text!r}; {reason}.", hint="""Example: --fault '{"where": "list", "kind": "429", "times": 2}'"""
    )
