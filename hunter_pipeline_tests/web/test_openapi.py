"""The service conforms to its OpenAPI schema, and the documentation loads nothing from other hosts."""

import hashlib
import re
from collections.abc import Iterator
from typing import Any, cast

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.web.seed import referral_row, seeded_database
from hunter_pipeline_tests.web.services import run_service

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
# SHA-256 of the files of npm's swagger-ui-dist 5.35.0.
SWAGGER = {
    "swagger-ui-bundle.js": "e6a898692f2d768e807c3ba4626068a69a2c5dd960dd6c76f3e4d3a3de180af2",
    "swagger-ui.css": "5ed08757e53da3e026d6cbecc61fe5d43585c9560b302d534ad56692519a273d",
}


@pytest.fixture(scope="module")
def url(server: Server) -> Iterator[str]:
    with (
        seeded_database(server, [referral_row(number) for number in range(1, 6)]) as stored_settings,
        run_service(stored_settings) as url,
    ):
        yield url


def _operations(url: str) -> list[Any]:
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    return [cast("Any", found).ok() for found in schema.get_all_operations()]


@pytest.mark.slow
def test_generated_requests_get_the_documented_responses(url: str):
    """Without Dagster, 503 is a documented response."""
    tried = 0

    def check(case: Any) -> None:
        nonlocal tried
        tried += 1
        response = case.call(base_url=url, timeout=30)
        down = response.status_code == 503 and set(response.json()) in (
            {"error", "detail", "hint"}, {"status", "partner_center_enabled", "database", "dagster", "last_sync"}
        )  # fmt: skip
        checks = CHECKS[1:] if down else CHECKS
        case.validate_response(response, checks=checks)

    operations = _operations(url)
    assert len(operations) >= 12
    for operation in operations:
        modes = [operation.as_strategy()]
        if operation.query or operation.path_parameters or operation.body:
            modes.append(operation.as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE))
        bounded = settings(
            max_examples=12,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
        )
        bounded(given(st.one_of(modes))(check))()
    assert tried > 100


def test_schema_contains_the_contract(url: str):
    """It has all paths, the shape of errors, limits and examples."""
    schema = requests.get(f"{url}/openapi.json", timeout=30).json()
    assert {
        "/api/referrals/sync", "/api/referrals/sync/{task_id}", "/api/v1/partner-center/referrals/sync",
        "/api/v1/partner-center/referrals", "/api/v1/partner-center/referrals/{referral_id}",
        "/api/v1/leads", "/api/v1/leads/export", "/healthz", "/healthz/live", "/healthz/ready", "/metrics",
    } <= set(schema["paths"])  # fmt: skip
    listing = schema["paths"]["/api/v1/partner-center/referrals"]["get"]
    error = listing["responses"]["422"]["content"]["application/json"]["schema"]["$ref"]
    assert error == "#/components/schemas/Error"
    limits = {parameter["name"]: parameter["schema"] for parameter in listing["parameters"]}["page_size"]
    assert (limits["minimum"], limits["maximum"]) == (1, 200)
    assert schema["components"]["schemas"]["Referral"]["properties"]["referral_type"]["examples"] == ["co-sell"]


def test_documentation_is_served_locally_and_unchanged(url: str):
    page = requests.get(f"{url}/docs", timeout=30)
    assert page.status_code == 200
    sources = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert all(source.startswith(("/docs/", "data:")) for source in sources)
    assert "validatorUrl: null" in requests.get(f"{url}/docs/start.js", timeout=30).text
    for name, digest in SWAGGER.items():
        for accepted in ("gzip", "identity"):
            found = requests.get(f"{url}/docs/{name}", headers={"Accept-Encoding": accepted}, timeout=30)
            assert hashlib.sha256(found.content).hexdigest() == digest
            assert found.headers.get("content-encoding", "identity") == accepted
    for outside in ("/docs/x.js", "/docs/../pages.py"):
        assert requests.get(f"{url}{outside}", timeout=30).status_code == 404
