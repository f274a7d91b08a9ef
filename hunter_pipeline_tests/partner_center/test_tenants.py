"""Test the look-up of tenants: only documented responses are definite, and the time is bounded."""

import time
from collections.abc import Callable

import pytest

from hunter_pipeline.partner_center.http import Http
from hunter_pipeline.partner_center.tenants import PARALLEL_LOOKUPS, TenantDirectory
from hunter_pipeline.sandbox import Fault, Sandbox
from hunter_pipeline_tests.partner_center.raw_server import RawServer, respond

GUID = "7F3D2A1C-5B84-4E69-9D0A-c1e2f3a4b5c6"


def test_tenants_are_found_without_a_token(sandbox: Sandbox, http: Http) -> None:
    """A domain with a tenant gives its GUID, one without gives None."""
    domains = [*sandbox.tenants, "no-tenant-here.org"]
    found = TenantDirectory(http, sandbox.url).tenants_of(domains, seconds=3600)
    assert found == sandbox.tenants | {"no-tenant-here.org": None}
    assert not any("authorization" in request.headers for request in sandbox.requests)


@pytest.mark.parametrize("kind", ["500", "429", "drop", "cut", "html", "redirect", "404", "empty"])
def test_domain_is_left_out_when_there_is_no_definite_answer(kind: str, sandbox: Sandbox, http: Http) -> None:
    """There are two tries at most, and no error is raised."""
    sandbox.fail(Fault(where="openid", kind=kind))
    assert TenantDirectory(http, sandbox.url).tenants_of(["contoso.com"], seconds=3600) == {}
    assert 1 <= len(sandbox.requests) <= 2


@pytest.mark.parametrize(
    ("body", "status", "found"),
    [
        ({"issuer": f"https://sts.windows.net/{GUID}/"}, 200, {"contoso.com": GUID.lower()}),
        ({"issuer": f"https://login.microsoftonline.com/{GUID}/v2.0"}, 200, {"contoso.com": GUID.lower()}),
        ({"issuer": "https://login.microsoftonline.com/{tenantid}/v2.0"}, 200, {}),
        ({"issuer": None}, 200, {}),
        ([], 200, {}),
        ({"error": "invalid_tenant", "error_description": "AADSTS90002: ..."}, 400, {"contoso.com": None}),
        ({"error": "invalid_request"}, 400, {}),
        ({"error": "invalid_tenant"}, 404, {}),
    ],
)
def test_only_documented_responses_are_definite(
    body: object, status: int, found: dict[str, str | None], http: Http, serve: Callable[..., RawServer]
) -> None:
    """A GUID in the issuer, or 400 invalid_tenant."""
    server = serve(respond(status, body))
    assert TenantDirectory(http, server.url + "/").tenants_of(["contoso.com"], seconds=3600) == found
    assert server.heads[0].startswith("GET /contoso.com/v2.0/.well-known/openid-configuration HTTP/1.1")


def test_domain_is_not_requested_when_it_cannot_be_part_of_a_url(http: Http, sandbox: Sandbox) -> None:
    """Slashes, queries, capitals and single labels never reach the URL."""
    odd = [
        "a/b.com",
        "x?y.com",
        "../x.com",
        "UPPER.com",
        "contoso",
        "",
        "a b.com",
        "-a.com",
        "a..com",
        "1.2.3.4",
        "m\u00fcller.de",
    ]
    directory = TenantDirectory(http, sandbox.url)
    assert directory.tenants_of(odd, seconds=3600) == {}
    assert sandbox.requests == []
    assert directory.tenants_of(["xn--mller-kva.de"], seconds=3600) == {"xn--mller-kva.de": None}


def test_lookups_end_when_their_time_is_over(serve: Callable[..., RawServer]) -> None:
    server = serve(lambda _connection: time.sleep(3600))
    with Http() as http:
        assert TenantDirectory(http, server.url).tenants_of([f"d{n}.com" for n in range(40)], seconds=0.5) == {}
    assert len(server.heads) <= 2 * PARALLEL_LOOKUPS
