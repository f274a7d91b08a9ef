"""Test the definitions that Dagster loads without any variable or connection."""

import os
import subprocess
import sys
import warnings
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import dagster as dg
import pytest

from hunter_pipeline.config.settings import load_settings
from hunter_pipeline.definitions import build_defs, build_resources
from hunter_pipeline.errors import ConfigurationError
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

CHECKOUT = Path(__file__).parents[2]
ASSETS = ["raw_referrals", "normalized_referrals", "partner_center_referrals", "companies", "leads_ready"]
CHECKS = {
    ("partner_center_referrals", "no_duplicate_referral_ids"),
    ("companies", "no_duplicate_domains"),
    ("leads_ready", "no_duplicate_domains"),
    ("companies", "domains_are_canonical"),
    ("partner_center_referrals", "every_raw_referral_is_accounted_for"),
    ("partner_center_referrals", "known_status_values"),
    ("raw_referrals", "upstream_did_not_shrink"),
    ("raw_referrals", "every_referral_is_visible"),
    ("raw_referrals", "sign_in_lasts"),
    ("raw_referrals", "volume_is_usual"),
    ("raw_referrals", "share_without_domain_is_usual"),
    ("partner_center_referrals", "referrals_expiring_soon"),
    ("partner_center_referrals", "referrals_are_fresh"),
    ("partner_center_referrals", "no_new_values"),
}


def test_names_and_dependencies_are_those_of_the_contract() -> None:
    """Partner Center is an external asset at the start; `leads_ready` depends on the tables of its view."""
    graph = build_defs().resolve_asset_graph()
    assert graph.get_all_asset_keys() == {dg.AssetKey(name) for name in ("partner_center", *ASSETS, "lead_metrics")}
    assert graph.external_asset_keys == {dg.AssetKey("partner_center")}
    for above, below in pairwise(("partner_center", *ASSETS)):
        assert dg.AssetKey(above) in graph.get(dg.AssetKey(below)).parent_keys
    assert graph.get(dg.AssetKey("leads_ready")).parent_keys == {
        dg.AssetKey("partner_center_referrals"),
        dg.AssetKey("companies"),
    }
    assert {(key.asset_key.to_user_string(), key.name) for key in graph.asset_check_keys} == CHECKS
    defs = build_defs()
    assert defs.resolve_job_def("sync_partner_center_referrals")
    assert {schedule.name for schedule in defs.schedules or []} == {
        "sync_partner_center_referrals_schedule",
        "full_reconciliation_schedule",
        "lead_metrics_schedule",
        "prune_dagster_storage_schedule",
    }
    assert defs.resolve_job_def("send_referral_updates")
    assert [sensor.name for sensor in defs.sensors or []] == [
        "partner_center_changes_sensor",
        "alerts_sensor",
        "lead_notifications_sensor",
        "pending_updates_sensor",
    ]


def test_launchpad_shows_the_mode_and_no_empty_field() -> None:
    job = build_defs().resolve_job_def("sync_partner_center_referrals")
    assert job.run_config == {"ops": {"raw_referrals": {"config": {"mode": "incremental"}}}}


def test_only_structural_checks_are_blocking() -> None:
    """`no_duplicate_referral_ids` stops downstream assets; a check of severity WARN never does."""
    graph = build_defs().resolve_asset_graph()
    blocking = {key.name for key in graph.asset_check_keys if graph.get(key).blocking}
    assert blocking == {"no_duplicate_referral_ids"}


@pytest.mark.parametrize(("seconds", "window"), [("30", 1800), ("600", 1800), ("3600", 10_800)])
def test_every_asset_has_a_freshness_policy(monkeypatch: pytest.MonkeyPatch, seconds: str, window: int) -> None:
    """An asset is stale after three intervals, or half an hour where they are short."""
    monkeypatch.setenv("HUNTER_SYNC_INTERVAL_SECONDS", seconds)
    assert load_settings().freshness_window == timedelta(seconds=window)
    graph = build_defs().resolve_asset_graph()
    expected = dg.FreshnessPolicy.time_window(fail_window=timedelta(seconds=window))
    assert [graph.get(dg.AssetKey(name)).freshness_policy for name in ASSETS] == [expected] * len(ASSETS)


def test_every_asset_has_a_description() -> None:
    """The asset graph shows a description of each asset."""
    graph = build_defs().resolve_asset_graph()
    for name in (*ASSETS, "lead_metrics"):
        node = graph.get(dg.AssetKey(name))
        assert node.description
        assert node.freshness_policy
        assert node.group_name == "referrals"


def test_error_names_a_wrong_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error has the variable, its value and the allowed values."""
    monkeypatch.setenv("HUNTER_SYNC_INTERVAL_SECONDS", "soon")
    with pytest.raises(ConfigurationError, match="HUNTER_SYNC_INTERVAL_SECONDS holds 'soon'"):
        build_defs()


def test_dagster_stores_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The password in HUNTER_DATABASE_URL and the API key are in no resource or snapshot."""
    from dagster._core.remote_representation.external_data import RepositorySnap

    monkeypatch.setenv("HUNTER_DATABASE_URL", "postgresql://hunter:geheim@db/hunter")
    monkeypatch.setenv("HUNTER_API_KEY", "geheim")
    monkeypatch.setenv("HUNTER_ALERT_URLS", "json://ada:geheim@127.0.0.1:9/geheim")
    defs = build_defs()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Dagster uses deprecated attributes of its own schedules
        shown = dg.serialize_value(RepositorySnap.from_def(defs.get_repository_def()))
    assert "sync_partner_center_referrals" in shown
    assert "geheim" not in shown + repr(build_resources()) + repr(defs) + repr(load_settings())


@pytest.mark.slow
def test_dagster_validates_the_definitions(tmp_path: Path) -> None:
    """`dagster definitions validate -w workspace.yaml`, from the checkout, with no variable set and no database."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("HUNTER_", "DAGSTER_"))}
    done = subprocess.run(
        [Path(sys.executable).with_name("dagster"), "definitions", "validate", "-w", "workspace.yaml"],
        cwd=CHECKOUT,
        env=bare | {"DAGSTER_HOME": str(tmp_path), "DAGSTER_DISABLE_TELEMETRY": "yes"},
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
