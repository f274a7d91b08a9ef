"""Test `deploy/kubernetes` against the schemas of Kubernetes and of Dagster's chart, the settings and the commands."""

import asyncio
import copy
import json
import re
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from hunter_pipeline.cli import load_command
from hunter_pipeline.config.project_files import project_file
from hunter_pipeline.config.settings import Settings, load_settings
from hunter_pipeline.local.dagster_instance import STORAGE_VARIABLE
from hunter_pipeline.warehouse.connection import Warehouse
from hunter_pipeline_tests.waiting import DEADLINE_SECONDS

HERE = Path(__file__).parent
FOLDER = project_file("deploy/kubernetes")
GUIDE = project_file("docs/kubernetes.md")
VALUES: dict[str, Any] = yaml.safe_load((FOLDER / "dagster-values.yaml").read_text(encoding="utf-8"))
MANIFESTS: list[dict[str, Any]] = [
    document
    for path in sorted(FOLDER.glob("*.yaml"))
    if path.name != "dagster-values.yaml"
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
]
GROUPS = {
    "Deployment": "apps.v1",
    "Job": "batch.v1",
    "PodDisruptionBudget": "policy.v1",
    "NetworkPolicy": "networking.v1",
}
IDS = [f"{document['kind']}-{document['metadata']['name']}" for document in MANIFESTS]
KUBERNETES: dict[str, Any] = json.loads((HERE / "kubernetes-1.37.json").read_text(encoding="utf-8"))
CHART: dict[str, Any] = json.loads((HERE / "chart-values.schema.json").read_text(encoding="utf-8"))
[CODE] = VALUES["dagster-user-deployments"]["deployments"]


def schema_errors(document: dict[str, Any]) -> list[str]:
    """Return what Kubernetes would refuse in a manifest."""
    kind = document["kind"]
    schema = {"$ref": f"#/$defs/io.k8s.api.{GROUPS.get(kind, 'core.v1')}.{kind}", "$defs": KUBERNETES["$defs"]}
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(document)]


def value_errors(values: dict[str, Any]) -> list[str]:
    """Return what the chart would refuse or ignore in its values."""
    schema = CHART | {"$defs": KUBERNETES["$defs"] | CHART["$defs"]}
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(values)]


def named(kind: str, name: str) -> dict[str, Any]:
    [found] = [each for each in MANIFESTS if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found


def _pods() -> Iterator[dict[str, Any]]:
    """Yield the pod of each workload: of the manifests, and of the code location as the chart creates it."""
    for document in MANIFESTS:
        if "template" in document.get("spec", {}):
            yield document["spec"]["template"]["spec"]
    yield {
        "securityContext": CODE["podSecurityContext"],
        "volumes": CODE["volumes"],
        "containers": [
            {
                "name": "code",
                "image": f"{CODE['image']['repository']}:{CODE['image']['tag']}",
                "securityContext": CODE["securityContext"],
                "resources": CODE["resources"],
                "volumeMounts": CODE["volumeMounts"],
                "envFrom": [
                    *({"configMapRef": each} for each in CODE["envConfigMaps"]),
                    *({"secretRef": each} for each in CODE["envSecrets"]),
                ],
            }
        ],
    }


PODS = {pod["containers"][0]["name"]: pod for pod in _pods()}


def variables(pod: dict[str, Any]) -> dict[str, str]:
    """Return the environment of a pod's container, secrets empty. Raises: ValueError for an unknown name."""
    found: dict[str, str] = {}
    for source in pod["containers"][0]["envFrom"]:
        if "configMapRef" in source:
            found |= named("ConfigMap", source["configMapRef"]["name"])["data"]
        else:
            found |= named("Secret", source["secretRef"]["name"])["stringData"]
    return found


@pytest.mark.parametrize("document", MANIFESTS, ids=IDS)
def test_manifest_follows_the_schema_of_kubernetes(document: dict[str, Any]) -> None:
    assert schema_errors(document) == []


def test_values_follow_the_schema_of_the_chart() -> None:
    """Values that are passed on to Kubernetes follow its schema as well."""
    assert value_errors(VALUES) == []


def test_schemas_find_misspelt_missing_and_wrong_fields() -> None:
    wrong = copy.deepcopy(named("Deployment", "hunter-api"))
    container = wrong["spec"]["template"]["spec"]["containers"][0]
    container["livenessProbe"]["httpGet"]["paht"] = "/"
    container["ports"][0]["containerPort"] = "8000"
    del wrong["spec"]["selector"]
    assert len(schema_errors(wrong)) == 3
    values = copy.deepcopy(VALUES)
    values["dagsterDaemon"]["runMonitoring"]["maxRuntimeSeconds"] = 900
    values["dagster-user-deployments"]["deployments"][0]["resources"]["limit"] = {}
    values["runLauncher"]["type"] = "DefaultRunLauncher"
    assert len(value_errors(values)) == 3


@pytest.mark.parametrize("pod", PODS.values(), ids=PODS)
def test_variables_of_a_pod_are_settings_that_load(pod: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """None is set twice."""
    found = variables(pod)
    known = {f"HUNTER_{name.upper()}" for name in Settings.model_fields} | {STORAGE_VARIABLE}
    assert set(found) <= known
    assert len(found) == sum(
        len(named("ConfigMap", each["configMapRef"]["name"])["data"])
        if "configMapRef" in each
        else len(named("Secret", each["secretRef"]["name"])["stringData"])
        for each in pod["containers"][0]["envFrom"]
    )
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert (settings.env, settings.log_style, settings.interval_seconds) == ("production", "json", 600)
    assert str(settings.home) in {mount["mountPath"] for mount in pod["containers"][0]["volumeMounts"]}


def test_secrets_reach_only_the_pods_that_need_them() -> None:
    """The code location and its runs get the token keys, the API its key, the migration the owner's URL."""
    secret = {"HUNTER_TOKEN_KEYS", "HUNTER_API_KEY", "HUNTER_DATABASE_URL", STORAGE_VARIABLE}
    assert secret & set(variables(PODS["code"])) == {"HUNTER_DATABASE_URL", "HUNTER_TOKEN_KEYS"}
    assert secret & set(variables(PODS["api"])) == {"HUNTER_DATABASE_URL", "HUNTER_API_KEY"}
    assert secret & set(variables(PODS["migrate"])) == {"HUNTER_DATABASE_URL", STORAGE_VARIABLE}
    assert CODE["includeConfigInLaunchedRuns"]["enabled"]


def test_example_of_the_secrets_has_no_values() -> None:
    secrets = [document for document in MANIFESTS if document["kind"] == "Secret"]
    assert len(secrets) == 5
    assert {value for secret in secrets for value in secret["stringData"].values()} == {""}
    assert VALUES["global"]["postgresqlSecretName"] in {secret["metadata"]["name"] for secret in secrets}


@pytest.mark.parametrize("pod", PODS.values(), ids=PODS)
def test_pod_is_unprivileged(pod: dict[str, Any]) -> None:
    """Its user is not root, its image is read-only, and it mounts empty directories only."""
    [container] = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] > 0
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in pod["volumes"]}
    assert all(set(volume) == {"name", "emptyDir"} for volume in pod["volumes"])


def test_every_pod_runs_the_same_image() -> None:
    """It names no registry."""
    [image] = {pod["containers"][0]["image"] for pod in PODS.values()}
    assert re.fullmatch(r"hunter-pipeline:[0-9.]+", image)


def test_commands_of_the_pods_exist() -> None:
    """The code location loads the module of workspace.yaml."""
    commands = [pod["containers"][0]["command"] for pod in PODS.values() if "command" in pod["containers"][0]]
    assert sorted(commands) == [["hunter", "db", "upgrade"], ["hunter", "serve"]]
    for _, name, *words in commands:
        command = load_command(name)
        for word in words:
            command = getattr(command, "commands", {})[word]
    assert CODE["dagsterApiGrpcArgs"] == ["--module-name", "hunter_pipeline.definitions"]
    workspace = yaml.safe_load(project_file("workspace.yaml").read_text(encoding="utf-8"))
    assert workspace["load_from"][0]["python_module"]["module_name"] == CODE["dagsterApiGrpcArgs"][1]


def kubelet_status(asgi: Any, path: str) -> int:
    """Return the status of a kubelet's request, by the pod's IP address and without a key."""
    statuses: list[int] = []
    headers = [(b"host", b"10.1.2.3:8000"), (b"user-agent", b"kube-probe/1.37")]
    scope: dict[str, Any] = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET"}
    scope |= {"scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": ""}
    scope |= {"headers": headers, "client": ("10.1.2.1", 4711), "server": ("10.1.2.3", 8000)}

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    asyncio.run(asgi(scope, receive, send))
    [status] = statuses
    return status


def test_probes_succeed(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the environment of the pod and an upgraded schema."""
    from hunter_pipeline.web.app import create_app

    pod = PODS["api"]
    for name, value in variables(pod).items():
        if value:
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("HUNTER_HOME", str(tmp_path))
    monkeypatch.setenv("HUNTER_API_KEY", "k" * 40)
    monkeypatch.setenv("HUNTER_DAGSTER_URL", "http://127.0.0.1:9")
    [container] = pod["containers"]
    paths = {container[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert paths == {"/healthz/live", "/healthz/ready"}
    app = create_app(load_settings())
    assert {path: kubelet_status(app, path) for path in paths} == dict.fromkeys(paths, 200)
    assert kubelet_status(app, "/healthz/elsewhere") != 200


def test_ports_agree() -> None:
    """Those of the API, the Service, the webserver and the network policy."""
    config = named("ConfigMap", "hunter-config")["data"]
    container = named("Deployment", "hunter-api")["spec"]["template"]["spec"]["containers"][0]
    [port] = container["ports"]
    assert config["HUNTER_API_PORT"] == str(port["containerPort"])
    assert named("Service", "hunter-api")["spec"]["ports"][0]["targetPort"] == port["name"]
    web = VALUES["dagsterWebserver"]
    assert config["HUNTER_DAGSTER_URL"] == f"http://dagster-dagster-webserver:{web['service']['port']}"
    assert web["readinessProbe"]["httpGet"]["port"] == web["service"]["port"]
    policy = named("NetworkPolicy", "hunter-api")["spec"]
    assert [each["port"] for rule in policy["ingress"] for each in rule["ports"]] == [port["containerPort"]]
    assert {each["port"] for rule in policy["egress"] for each in rule["ports"]} == {
        *(53, VALUES["postgresql"]["service"]["port"], web["service"]["port"])
    }


def test_selectors_match_the_pods_of_the_api_only() -> None:
    labels = named("Deployment", "hunter-api")["spec"]["template"]["metadata"]["labels"]
    selectors = [
        named("Service", "hunter-api")["spec"]["selector"],
        named("Deployment", "hunter-api")["spec"]["selector"]["matchLabels"],
        named("PodDisruptionBudget", "hunter-api")["spec"]["selector"]["matchLabels"],
        named("NetworkPolicy", "hunter-api")["spec"]["podSelector"]["matchLabels"],
    ]
    assert all(selector.items() <= labels.items() for selector in selectors)
    others = [pod["metadata"]["labels"] for pod in (named("Job", "hunter-migrate")["spec"]["template"],)]
    assert not any(selector.items() <= other.items() for selector in selectors for other in others)
    replicas = named("Deployment", "hunter-api")["spec"]["replicas"]
    assert 0 < named("PodDisruptionBudget", "hunter-api")["spec"]["minAvailable"] < replicas


def test_values_agree_with_dagster_yaml() -> None:
    """Retries, retention, logging, concurrency, and how long a run may take."""
    ours = yaml.safe_load(project_file("dagster.yaml").read_text(encoding="utf-8"))
    daemon, monitoring = VALUES["dagsterDaemon"], VALUES["dagsterDaemon"]["runMonitoring"]
    assert VALUES["additionalInstanceConfig"] == {"run_retries": ours["run_retries"]}
    assert not daemon["runRetries"]["enabled"]  # the chart would write the same key a second time
    for kind in ("schedule", "sensor"):
        assert VALUES["retention"][kind]["purgeAfterDays"] == ours["retention"][kind]["purge_after_days"]
    assert VALUES["pythonLogs"]["managedPythonLoggers"] == ours["python_logs"]["managed_python_loggers"]
    assert VALUES["pythonLogs"]["pythonLogLevel"] == ours["python_logs"]["python_log_level"]
    assert VALUES["computeLogManager"]["type"] == ours["compute_logs"]["class"]
    coordinator = daemon["runCoordinator"]["config"]["queuedRunCoordinator"]
    assert coordinator["maxConcurrentRuns"] == ours["concurrency"]["runs"]["max_concurrent_runs"]
    assert monitoring["enabled"]
    for theirs, here in (
        ("cancelTimeoutSeconds", "cancel_timeout_seconds"),
        ("pollIntervalSeconds", "poll_interval_seconds"),
    ):
        assert monitoring[theirs] == ours["run_monitoring"][here]
    run = VALUES["runLauncher"]["config"]["k8sRunLauncher"]["runK8sConfig"]
    assert run["jobSpecConfig"]["activeDeadlineSeconds"] == ours["run_monitoring"]["max_runtime_seconds"]


def test_files_versions_and_commands_of_the_guide_exist() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    files = set(re.findall(r"[\w.-]+\.yaml", text)) - {"secrets.yaml", "dagster.yaml"}
    assert files == {path.name for path in FOLDER.glob("*.yaml")}
    assert f"--version {version('dagster')}" in text
    lines = re.findall(r"(?:-- |`)hunter ([a-z ]+)", text)
    assert len(lines) > 4
    for line in lines:
        name, *words = line.split()
        command = load_command(name)
        for word in words:
            command = getattr(command, "commands", {})[word]


def test_command_of_the_guide_creates_a_token_key(monkeypatch: pytest.MonkeyPatch) -> None:
    [line] = set(re.findall(r"openssl rand -base64 32 \| tr '\+/' '-_'", GUIDE.read_text(encoding="utf-8")))
    assert line in (FOLDER / "secrets.example.yaml").read_text(encoding="utf-8")
    keys = subprocess.run(
        ["bash", "-c", f"{line} && {line}"], capture_output=True, text=True, check=True, timeout=DEADLINE_SECONDS
    )
    monkeypatch.setenv("HUNTER_TOKEN_KEYS", ",".join(keys.stdout.split()))
    assert len(load_settings().token_keys) == 2
