"""`deploy/kubernetes` against the schemas of Kubernetes and Dagster's chart, and against our settings and commands."""

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
import typer.main
import yaml
from jsonschema import Draft202012Validator

from hunter_pipeline.cli import app
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


def faults(document: dict[str, Any]) -> list[str]:
    """What Kubernetes would refuse in a manifest."""
    kind = document["kind"]
    schema = {"$ref": f"#/$defs/io.k8s.api.{GROUPS.get(kind, 'core.v1')}.{kind}", "$defs": KUBERNETES["$defs"]}
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(document)]


def faults_of_values(values: dict[str, Any]) -> list[str]:
    """What the chart would refuse or overlook in values."""
    schema = CHART | {"$defs": KUBERNETES["$defs"] | CHART["$defs"]}
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(values)]


def named(kind: str, name: str) -> dict[str, Any]:
    [found] = [each for each in MANIFESTS if (each["kind"], each["metadata"]["name"]) == (kind, name)]
    return found


def _pods() -> Iterator[dict[str, Any]]:
    """The pod of each workload: of our manifests, and of the code location as the chart makes it."""
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
    """What a pod's container finds in its environment, secrets empty; where a name is missing, an error."""
    found: dict[str, str] = {}
    for source in pod["containers"][0]["envFrom"]:
        if "configMapRef" in source:
            found |= named("ConfigMap", source["configMapRef"]["name"])["data"]
        else:
            found |= named("Secret", source["secretRef"]["name"])["stringData"]
    return found


@pytest.mark.parametrize("document", MANIFESTS, ids=IDS)
def test_kubernetes_takes_each_manifest(document: dict[str, Any]) -> None:
    """Every field is known, has its type, and none that is required is missing."""
    assert faults(document) == []


def test_the_chart_takes_the_values() -> None:
    """Every value is one that the chart has, with its type; what goes to Kubernetes as it is fits Kubernetes."""
    assert faults_of_values(VALUES) == []


def test_the_schemas_would_notice() -> None:
    """A misspelt field, a wrong type and a missing field are each found, however deep."""
    wrong = copy.deepcopy(named("Deployment", "hunter-api"))
    container = wrong["spec"]["template"]["spec"]["containers"][0]
    container["livenessProbe"]["httpGet"]["paht"] = "/"
    container["ports"][0]["containerPort"] = "8000"
    del wrong["spec"]["selector"]
    assert len(faults(wrong)) == 3
    values = copy.deepcopy(VALUES)
    values["dagsterDaemon"]["runMonitoring"]["maxRuntimeSeconds"] = 900
    values["dagster-user-deployments"]["deployments"][0]["resources"]["limit"] = {}
    values["runLauncher"]["type"] = "DefaultRunLauncher"
    assert len(faults_of_values(values)) == 3


@pytest.mark.parametrize("pod", PODS.values(), ids=PODS)
def test_every_variable_of_a_pod_is_a_setting(pod: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable is misspelt, none is set twice, and together they are settings that load."""
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


def test_who_needs_the_keys_has_them_and_nobody_else() -> None:
    """The code location gets the keys of the sign-in, and so do its runs; the API its key, the migration the owner."""
    secret = {"HUNTER_TOKEN_KEYS", "HUNTER_API_KEY", "HUNTER_DATABASE_URL", STORAGE_VARIABLE}
    assert secret & set(variables(PODS["code"])) == {"HUNTER_DATABASE_URL", "HUNTER_TOKEN_KEYS"}
    assert secret & set(variables(PODS["api"])) == {"HUNTER_DATABASE_URL", "HUNTER_API_KEY"}
    assert secret & set(variables(PODS["migrate"])) == {"HUNTER_DATABASE_URL", STORAGE_VARIABLE}
    assert CODE["includeConfigInLaunchedRuns"]["enabled"]


def test_the_example_has_no_secret_in_it() -> None:
    """Names of keys, and no value."""
    secrets = [document for document in MANIFESTS if document["kind"] == "Secret"]
    assert len(secrets) == 5
    assert {value for secret in secrets for value in secret["stringData"].values()} == {""}
    assert VALUES["global"]["postgresqlSecretName"] in {secret["metadata"]["name"] for secret in secrets}


@pytest.mark.parametrize("pod", PODS.values(), ids=PODS)
def test_no_pod_is_root_or_writes_to_its_image(pod: dict[str, Any]) -> None:
    """Its user is not root, its image cannot be written, and what is mounted is an empty directory of its own."""
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
    """One image is named, in three places, and it names no registry."""
    [image] = {pod["containers"][0]["image"] for pod in PODS.values()}
    assert re.fullmatch(r"hunter-pipeline:[0-9.]+", image)


def test_every_command_exists() -> None:
    """What the pods start is a command of `hunter`, and the code location's module has definitions."""
    commands = [pod["containers"][0]["command"] for pod in PODS.values() if "command" in pod["containers"][0]]
    assert sorted(commands) == [["hunter", "db", "upgrade"], ["hunter", "serve"]]
    for _, *words in commands:
        command = typer.main.get_command(app)
        for word in words:
            command = getattr(command, "commands", {})[word]
    assert CODE["dagsterApiGrpcArgs"] == ["--module-name", "hunter_pipeline.definitions"]
    workspace = yaml.safe_load(project_file("workspace.yaml").read_text(encoding="utf-8"))
    assert workspace["load_from"][0]["python_module"]["module_name"] == CODE["dagsterApiGrpcArgs"][1]


def answer(asgi: Any, path: str) -> int:
    """The status that a kubelet gets: it asks a pod by its address, without a key."""
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


def test_every_probe_gets_its_answer(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The paths of the probes answer a kubelet, with the environment of the pod and the schema up to date."""
    from hunter_pipeline.web.app import create_app

    pod = PODS["api"]
    for name, value in variables(pod).items():
        if value:
            monkeypatch.setenv(name, value)
    monkeypatch.setenv("HUNTER_HOME", str(tmp_path))
    monkeypatch.setenv("HUNTER_API_KEY", "k" * 40)
    monkeypatch.setenv("HUNTER_DAGSTER_URL", "http://127.0.0.1:9")
    [container] = pod["containers"]
    asked = {container[probe]["httpGet"]["path"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert asked == {"/healthz/live", "/healthz/ready"}
    app = create_app(load_settings())
    assert {path: answer(app, path) for path in asked} == dict.fromkeys(asked, 200)
    assert answer(app, "/healthz/elsewhere") != 200


def test_the_ports_fit_together() -> None:
    """API, Service, webserver and network policy agree on where each listens."""
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


def test_every_selector_finds_its_pods() -> None:
    """Service, budget, policy and deployment select the labels that the API's pods have."""
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


def test_dagster_is_told_the_same_as_everywhere() -> None:
    """The values say what dagster.yaml says: what is tried again, kept and logged, and how long a run may take."""
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
    queue = ours.get("run_queue") or ours["concurrency"]["runs"]
    assert coordinator["maxConcurrentRuns"] == queue["max_concurrent_runs"]
    assert monitoring["enabled"]
    for theirs, here in (
        ("cancelTimeoutSeconds", "cancel_timeout_seconds"),
        ("pollIntervalSeconds", "poll_interval_seconds"),
    ):
        assert monitoring[theirs] == ours["run_monitoring"][here]
    run = VALUES["runLauncher"]["config"]["k8sRunLauncher"]["runK8sConfig"]
    assert run["jobSpecConfig"]["activeDeadlineSeconds"] == ours["run_monitoring"]["max_runtime_seconds"]


def test_the_guide_names_what_there_is() -> None:
    """Each file and each version in docs/kubernetes.md is there, and each `hunter` command is one."""
    text = GUIDE.read_text(encoding="utf-8")
    files = set(re.findall(r"[\w.-]+\.yaml", text)) - {"secrets.yaml", "dagster.yaml"}
    assert files == {path.name for path in FOLDER.glob("*.yaml")}
    assert f"--version {version('dagster')}" in text
    lines = re.findall(r"(?:-- |`)hunter ([a-z ]+)", text)
    assert len(lines) > 4
    for line in lines:
        command = typer.main.get_command(app)
        for word in line.split():
            command = getattr(command, "commands", {})[word]


def test_the_guide_s_way_to_a_key_makes_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command that makes a key for HUNTER_TOKEN_KEYS makes one that is taken."""
    [line] = set(re.findall(r"openssl rand -base64 32 \| tr '\+/' '-_'", GUIDE.read_text(encoding="utf-8")))
    assert line in (FOLDER / "secrets.example.yaml").read_text(encoding="utf-8")
    made = subprocess.run(
        ["bash", "-c", f"{line} && {line}"], capture_output=True, text=True, check=True, timeout=DEADLINE_SECONDS
    )
    monkeypatch.setenv("HUNTER_TOKEN_KEYS", ",".join(made.stdout.split()))
    assert len(load_settings().token_keys) == 2
