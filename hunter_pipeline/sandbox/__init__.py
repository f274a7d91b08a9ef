"""
Simulate Partner Center and Entra over HTTPS on loopback.

It is written from the documentation of the API alone and imports nothing from the rest of `hunter_pipeline`, so that a
misreading of the API in one of the two shows as a failing test.

    with Sandbox(SandboxOptions(referrals=739, seed=42)) as sandbox:
        requests.get(sandbox.url + "/v1.0/engagements/referrals", verify=str(sandbox.ca_file), ...)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hunter_pipeline.sandbox.options import CLIENT_ID, TENANT_ID, SandboxOptions

if TYPE_CHECKING:
    from hunter_pipeline.sandbox.faults import Fault
    from hunter_pipeline.sandbox.sandbox import Sandbox, serve_forever

__all__ = ["CLIENT_ID", "TENANT_ID", "Fault", "Sandbox", "SandboxOptions", "serve_forever"]


def __getattr__(name: str) -> Any:
    """Import the other names when they are used: the web framework and TLS are slow to load."""
    if name not in __all__:
        raise AttributeError(name)
    return getattr(import_module("hunter_pipeline.sandbox.sandbox"), name)
