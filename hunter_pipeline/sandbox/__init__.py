"""
A stand-in for Partner Center and Entra, over real HTTPS on loopback.

Belongs here: everything the far side does, written from the API's facts alone. Does not belong
here: any import from the rest of `hunter_pipeline`, so that a misreading of the API is made in
one place only and shows as a failing test.

    with Sandbox(SandboxOptions(referrals=739, seed=42)) as sandbox:
        requests.get(sandbox.url + "/v1.0/engagements/referrals", verify=str(sandbox.ca_file), ...)
"""

from hunter_pipeline.sandbox.faults import Fault
from hunter_pipeline.sandbox.options import CLIENT_ID, TENANT_ID, SandboxOptions
from hunter_pipeline.sandbox.server import Sandbox, serve_forever

__all__ = ["CLIENT_ID", "TENANT_ID", "Fault", "Sandbox", "SandboxOptions", "serve_forever"]
