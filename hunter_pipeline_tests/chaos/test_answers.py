"""Test that a sender that is killed before, during or after its PATCH loses or doubles no answer."""

from collections.abc import Iterator

import pytest

from chaos import answers
from hunter_pipeline.sandbox import SandboxOptions
from hunter_pipeline_tests.servers import Server
from hunter_pipeline_tests.warehouse.installation import Installation, open_installation

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def shared(server: Server) -> Iterator[Installation]:
    with open_installation(server, SandboxOptions(referrals=1)) as installation:
        yield installation


# A Partner Center that recognizes the id of a request is the easier case: `make chaos` has both.
def test_killed_sender_leaves_every_answer_applied_once(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUNTER_WRITE_BACK", "on")
    results = list(answers.run(installation, remembers=(False,)))
    assert len(results) == len(answers.MOMENTS)
    assert [(result.moment, result.wrong) for result in results if result.wrong] == []
