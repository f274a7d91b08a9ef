"""Test that a sender that is killed before, during or after its PATCH loses or doubles no answer."""

import pytest

from chaos import answers
from hunter_pipeline.sandbox import SandboxOptions
from hunter_pipeline_tests.warehouse.installation import Installation

SANDBOX = SandboxOptions(referrals=1)

pytestmark = pytest.mark.slow


# A Partner Center that recognizes the id of a request is the easier case: `make chaos` has both.
def test_killed_sender_leaves_every_answer_applied_once(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUNTER_WRITE_BACK", "on")
    results = list(answers.run(installation, remembers=(False,)))
    assert len(results) == len(answers.MOMENTS)
    assert [(result.moment, result.wrong) for result in results if result.wrong] == []
