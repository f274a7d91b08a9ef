"""Asking Entra for tenants: only documented answers are verdicts, and time is bounded."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from hunter_pipeline.partner_center.http import Http
from hunter_pipeline.partner_center.tenants import AT_ONCE, TenantDirectory
from hunter_pipeline.sandbox import Fault, Sandbox
from hunter_pipeline_tests.partner_center.rawserver import RawServer, answer

GUID = "7F3D2A1C-5B84-4E69-9D0A-c1e2f3a4b5c6"


def test_tenants_are_told_from_strangers(sandbox: Sandbox, http: Http) -> None:
    """A domain with a tenant gives its GUID, one without gives None, and nobody's token is sent."""
    domains = [*sandbox.tenants, "no-tenant-here.org"]
    found = TenantDirectory(http, sandbox.url).tenants_of(domains, seconds=20)
    assert found == sandbox.tenants | {"no-tenant-here.org": None}
    assert not any("authorization" in request.headers for request in sandbox.requests)


@pytest.mark.parametrize("kind", ["500", "429", "drop", "cut", "html", "redirect", "404", "empty"])
def test_no_verdict_is_left_out(kind: str, sandbox: Sandbox, http: Http) -> None:
    """Whatever goes wrong is asked again another time, after two tries at most, and never raises."""
    sandbox.fail(Fault(where="openid", kind=kind))
    assert TenantDirectory(http, sandbox.url).tenants_of(["contoso.com"], seconds=20) == {}
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
def test_only_documented_answers_are_verdicts(
    body: object, status: int, found: dict[str, str | None], http: Http, serve: Callable[..., RawServer]
) -> None:
    """A GUID in the issuer, or 400 invalid_tenant."""
    server = serve(answer(status, body))
    assert TenantDirectory(http, server.url + "/").tenants_of(["contoso.com"], seconds=20) == found
    assert server.heads[0].startswith("GET /contoso.com/v2.0/.well-known/openid-configuration HTTP/1.1")


def test_what_cannot_stand_in_an_address_is_not_asked(http: Http, sandbox: Sandbox) -> None:
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
    assert TenantDirectory(http, sandbox.url).tenants_of(odd, seconds=20) == {}
    assert sandbox.requests == []
    assert TenantDirectory(http, sandbox.url).tenants_of(["xn--mller-kva.de"], seconds=20) == {"xn--mller-kva.de": None}


def test_the_time_is_bounded(serve: Callable[..., RawServer], tmp_path: Path) -> None:
    """Forty silent look-ups end when the seconds are over."""
    server = serve(lambda _line: time.sleep(3600))
    with Http() as http:
        assert TenantDirectory(http, server.url).tenants_of([f"d{n}.com" for n in range(40)], seconds=0.5) == {}
    assert len(server.heads) <= 2 * AT_ONCE
