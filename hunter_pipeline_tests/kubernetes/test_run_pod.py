"""Test a run in its own pod: an empty disk, the chart's instance configuration, the sign-in from the database."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from cryptography.fernet import Fernet
from dagster import DagsterInstance
from dagster._core.code_pointer import CodePointer
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin
from dagster._grpc.types import ExecuteRunArgs

from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.definitions import defs
from hunter_pipeline.local import dagster_instance
from hunter_pipeline.partner_center.http import Http
from hunter_pipeline.pipeline.sign_in import open_sign_in
from hunter_pipeline.pipeline.sync_run import SYNC_JOB
from hunter_pipeline.sandbox import Sandbox
from hunter_pipeline.warehouse import sync_runs
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline_tests.kubernetes.test_manifests import VALUES
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

pytestmark = pytest.mark.slow


def chart_instance_yaml() -> str:
    """Return the dagster.yaml of a run's pod: PostgreSQL, a launcher that it cannot load, monitoring, the additions."""
    monitoring = VALUES["dagsterDaemon"]["runMonitoring"]
    written = {
        "storage": {"postgres": {"postgres_url": {"env": dagster_instance.STORAGE_VARIABLE}}},
        "run_launcher": {
            "module": "dagster_k8s",
            "class": "K8sRunLauncher",
            "config": {"dagster_home": "/opt/dagster/dagster_home", "instance_config_map": "dagster-instance"},
        },
        "run_monitoring": {
            "enabled": monitoring["enabled"],
            "max_resume_run_attempts": monitoring["maxResumeRunAttempts"],
        },
        "python_logs": {"managed_python_loggers": VALUES["pythonLogs"]["managedPythonLoggers"]},
        "telemetry": VALUES["telemetry"],
        **VALUES["additionalInstanceConfig"],
    }
    return yaml.safe_dump(written)


def test_run_on_another_node_needs_only_the_database(
    settings: Settings, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With an empty disk it refreshes the sign-in of another node, syncs, and leaves nothing on its disk."""
    monkeypatch.setattr(os, "environ", os.environ.copy())
    os.environ["HUNTER_TOKEN_KEYS"] = Fernet.generate_key().decode()
    settings = load_settings()
    dagster_instance.prepare(settings)
    with Http() as http:
        open_sign_in(settings, http).login_device_code(lambda *_: None)
    sandbox.expire_access_tokens()
    module = CodePointer.from_module("hunter_pipeline.definitions", "defs", None)
    origin = JobPythonOrigin(SYNC_JOB, RepositoryPythonOrigin(sys.executable, module))
    with DagsterInstance.get() as dagster:
        run = dagster.create_run_for_job(defs.resolve_job_def(SYNC_JOB), job_code_origin=origin)
    pod = {name: str(tmp_path / "pod" / name) for name in ("HUNTER_HOME", "DAGSTER_HOME")}
    for folder in pod.values():
        Path(folder).mkdir(parents=True)
    Path(pod["DAGSTER_HOME"], "dagster.yaml").write_text(chart_instance_yaml())
    command = ExecuteRunArgs(job_origin=origin, run_id=run.run_id, instance_ref=None).get_command_args()
    done = subprocess.run(
        command, env=os.environ | pod, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    with Warehouse.from_settings(settings).connection() as connection:
        summary = sync_runs.summary(connection, run.run_id)
    assert summary is not None
    assert (summary["status"], summary["error"], summary["fetched"] > 0) == ("success", None, True)
    assert summary["requests"] > summary["pages"] + 1  # the 401, the refresh
    assert list(Path(pod["HUNTER_HOME"]).rglob("*")) == []
    assert not (settings.home / ".token_cache").exists()
