"""The overlays as `kubectl kustomize` makes resources of them, held against Kubernetes' schemas and against the product."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from click.testing import CliRunner
from httpx import AsyncClient

from tests.proxy import configuration
from tracker.cli import tracker
from tracker.local.stack import REPOSITORY
from tracker.realtime.live import CONNECTIONS
from tracker.server import GRACEFUL_SHUTDOWN_SECONDS, LINGER_SECONDS
from tracker.settings import SECRETS, Settings

OVERLAYS = REPOSITORY / "deploy" / "kubernetes" / "overlays"
KUBECTL = Path(sys.executable).parent / "kubectl"
VERSIONS = ("1.29", "1.33", kubernetes_validate.latest_version())
COMPOSE: dict[str, Any] = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())

Resource = dict[str, Any]


@cache
def rendered(overlay: str) -> list[Resource]:
    made = subprocess.run([KUBECTL, "kustomize", OVERLAYS / overlay], stdout=subprocess.PIPE, check=True)
    return list(yaml.safe_load_all(made.stdout))


def named(overlay: str, kind: str, name: str) -> Resource:
    (found,) = [each for each in rendered(overlay) if each["kind"] == kind and each["metadata"]["name"] == name]
    return found


def pods(overlay: str) -> dict[str, Resource]:
    """The specification of the pods of each workload."""
    found: dict[str, Resource] = {}
    for each in rendered(overlay):
        if each["kind"] == "CronJob":
            found[each["metadata"]["name"]] = each["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        if each["kind"] in {"Deployment", "StatefulSet", "Job"}:
            claims = [{"name": claim["metadata"]["name"]} for claim in each["spec"].get("volumeClaimTemplates", [])]
            pod: Resource = each["spec"]["template"]["spec"]
            found[each["metadata"]["name"]] = pod | {"volumes": pod["volumes"] + claims}
    return found


def containers(pod: Resource) -> list[Resource]:
    return [*pod.get("initContainers", []), *pod["containers"]]


def settings_of(overlay: str, name: str) -> dict[str, str]:
    """What the containers that read this config map find in their environment."""
    (found,) = [
        each
        for each in rendered(overlay)
        if each["kind"] == "ConfigMap" and re.fullmatch(rf"{name}-\w{{10}}", each["metadata"]["name"])
    ]
    return found["data"]


@pytest.fixture(params=sorted(path.name for path in OVERLAYS.iterdir()))
def overlay(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_knows_every_field(overlay: str, version: str) -> None:
    for resource in rendered(overlay):
        kubernetes_validate.validate(resource, version, strict=True)
        assert resource["kind"] == "Namespace" or resource["metadata"]["namespace"] == "tracker"


def test_every_container_is_hardened(overlay: str) -> None:
    for name, pod in pods(overlay).items():
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["enableServiceLinks"] is False, name
        assert pod["securityContext"]["runAsNonRoot"], name
        assert pod["securityContext"]["runAsUser"] > 0, name
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in containers(pod):
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"], name
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["capabilities"] == {"drop": ["ALL"]}, name
            assert {"cpu", "memory"} <= set(container["resources"]["requests"]), name
            assert "memory" in container["resources"]["limits"], name


def test_no_secret_stands_in_a_resource(overlay: str) -> None:
    assert not [each for each in rendered(overlay) if each["kind"] == "Secret"]
    for variable, value in settings_of(overlay, "settings").items():
        if variable.removesuffix("_FILE") in SECRETS and variable != "REDIS_URL":
            assert variable.endswith("_FILE"), variable
            assert not value or value.startswith("/run/secrets/tracker/"), variable


def test_the_settings_are_ones_that_the_tracker_takes(overlay: str, tmp_path: Path) -> None:
    secrets = {"database_url": "postgresql://tracker@db/tracker", "database_read_url": "postgresql://tracker@r/tracker"}
    secrets |= {"redis_url": "rediss://:secret@redis:6379/0"}
    environment = settings_of(overlay, "settings")
    for variable, value in environment.items():
        if variable.endswith("_FILE") and value:
            path = tmp_path / Path(value).name
            path.write_text(secrets.get(path.name, "0123456789abcdef" * 4))
            environment[variable] = str(path)
    settings = Settings.from_environment(environment)
    assert settings.database_url.startswith("postgresql+asyncpg://tracker")
    assert settings.redis_url
    assert settings.redis_url.startswith("redis")
    documented = (REPOSITORY / "README.md").read_text()
    assert not [name for name in environment if f"`{name.removesuffix('_FILE')}`" not in documented]


def test_nginx_is_told_all_that_it_asks(overlay: str, tmp_path: Path) -> None:
    (web,) = pods(overlay)["web"]["containers"]
    chosen = settings_of(overlay, "web-settings")
    chosen |= {each["name"]: each["value"] for each in web["env"] if "value" in each}
    variables = configuration(tmp_path, **chosen)
    assert "api.$(NAMESPACE).svc.cluster.local:8000 resolve" in variables["API_SERVERS"]
    assert variables["SERVER_NAMES"] == named(overlay, "Ingress", "web")["spec"]["rules"][0]["host"]
    assert set(variables["TRUSTED_PROXIES"].split(",")) >= {"10.0.0.0/8", "192.168.0.0/16"}


def test_every_name_leads_to_something(overlay: str) -> None:
    workloads = {
        each["metadata"]["name"]: each for each in rendered(overlay) if each["kind"] in {"Deployment", "StatefulSet"}
    }
    labels = {name: each["spec"]["template"]["metadata"]["labels"] for name, each in workloads.items()}
    ports = {name: {port["name"] for c in pods(overlay)[name]["containers"] for port in c["ports"]} for name in labels}
    for resource in rendered(overlay):
        spec, name = resource.get("spec", {}), resource["metadata"]["name"]
        match resource["kind"]:
            case "Service":
                (chosen,) = [each for each in labels if spec["selector"].items() <= labels[each].items()]
                assert {port["targetPort"] for port in spec["ports"]} <= ports[chosen]
            case "HorizontalPodAutoscaler":
                assert workloads[spec["scaleTargetRef"]["name"]]["spec"].get("replicas") is None
                assert 2 <= spec["minReplicas"] < spec["maxReplicas"]
            case "PodDisruptionBudget":
                assert spec["selector"]["matchLabels"].items() <= labels[name].items()
            case "Ingress":
                backend = spec["rules"][0]["http"]["paths"][0]["backend"]["service"]
                assert backend["port"]["name"] in {
                    port["name"] for port in named(overlay, "Service", backend["name"])["spec"]["ports"]
                }
            case "Deployment" | "StatefulSet":
                assert spec["selector"]["matchLabels"].items() <= labels[name].items()
            case _:
                pass
    for name, pod in pods(overlay).items():
        volumes = {volume["name"] for volume in pod["volumes"]}
        for container in containers(pod):
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes, name


def test_images_are_those_of_compose_and_pinned(overlay: str) -> None:
    built = {re.sub(r":\$.*", "", service["image"]) for service in COMPOSE["services"].values()}
    for pod in pods(overlay).values():
        for container in containers(pod):
            name, _, tag = container["image"].partition(":")
            assert re.search(r"\d+\.\d+|\d+-", tag), container["image"]
            assert container["image"] in built or name in built, container["image"]


async def test_probes_ask_what_is_answered(overlay: str, client: AsyncClient) -> None:
    for name in ("api", "worker"):
        (container,) = pods(overlay)[name]["containers"]
        ports = {port["name"] for port in container["ports"]}
        for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
            if probe := container.get(kind):
                assert probe["httpGet"]["port"] in ports
                assert (await client.get(probe["httpGet"]["path"])).status_code == 200
        annotations = named(overlay, "Deployment", name)["spec"]["template"]["metadata"]["annotations"]
        assert int(annotations["prometheus.io/port"]) in {port["containerPort"] for port in container["ports"]}
        assert (await client.get(annotations["prometheus.io/path"])).status_code == 200
    text = (REPOSITORY / "deploy/nginx/templates/tracker.conf.template").read_text()
    (web,) = pods(overlay)["web"]["containers"]
    assert f"location = {web['livenessProbe']['httpGet']['path']} " in text


def test_every_command_is_one_that_the_tracker_knows(overlay: str) -> None:
    for pod in pods(overlay).values():
        for container in containers(pod):
            if container["image"].startswith("issues-insights-tracker/api:"):
                command, *options = container["args"]
                told = CliRunner().invoke(tracker, [command, "--help"])
                assert told.exit_code == 0
                assert not [option for option in options if option.startswith("--") and option not in told.output]


def test_a_pod_that_goes_has_time_to_finish_what_it_has_begun(overlay: str) -> None:
    patience = {"api": GRACEFUL_SHUTDOWN_SECONDS + LINGER_SECONDS, "web": 30}
    assert "worker_shutdown_timeout 30s;" in (REPOSITORY / "deploy/nginx/nginx.conf").read_text()
    for name, seconds in patience.items():
        pod = pods(overlay)[name]
        told = int(pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][-1])
        # nginx asks for the addresses again after 5 s, and what answers that may be as old.
        assert told >= 10, name
        assert pod["terminationGracePeriodSeconds"] >= told + seconds + 5, name
        rolling = named(overlay, "Deployment", name)["spec"]["strategy"]["rollingUpdate"]
        assert rolling["maxUnavailable"] == 0


def test_the_database_has_connections_for_all_that_may_ask(overlay: str) -> None:
    pool = int(settings_of(overlay, "settings")["DATABASE_POOL_SIZE"])
    api = named(overlay, "HorizontalPodAutoscaler", "api")["spec"]["maxReplicas"]
    workers = named(overlay, "Deployment", "worker")["spec"]["replicas"]
    # Twice while a new version comes, for the surge of new pods; some are the operator's.
    surge = api // 5 + 1
    wanted = (api + surge) * (pool + CONNECTIONS) + 2 * workers * pool + 10
    if overlay == "small":
        (postgres,) = pods(overlay)["postgres"]["containers"]
        assert "max_connections=200" in postgres["args"]
        assert wanted <= 200
    else:
        assert wanted <= 500


@pytest.mark.parametrize(
    ("source", "target", "port", "let"),
    [
        ("web", "api", 8000, True),
        ("worker", "api", 8000, False),
        ("web", "postgres", 5432, False),
        ("web", "redis", 6379, False),
        ("api", "postgres", 5432, True),
        ("worker", "postgres", 5432, True),
        ("migrate", "postgres", 5432, True),
        ("api", "redis", 6379, True),
        ("worker", "redis", 6379, True),
        ("migrate", "redis", 6379, False),
        ("redis", "postgres", 5432, False),
        ("backup", "postgres", 5432, True),
        ("backup", "redis", 6379, False),
        ("api", "worker", 8001, False),
    ],
)
def test_only_who_has_to_may_talk_to_each_other(source: str, target: str, port: int, *, let: bool) -> None:
    assert (_may("Egress", source, target, port) and _may("Ingress", target, source, port)) is let


def _may(direction: str, pod: str, peer: str, port: int) -> bool:
    """Whether a network policy of the small overlay lets the pod talk to a peer in its namespace, or listen to it."""
    rules: list[Resource] = []
    for policy in (each["spec"] for each in rendered("small") if each["kind"] == "NetworkPolicy"):
        if direction in policy["policyTypes"] and _selects(policy["podSelector"], pod):
            rules += policy.get(direction.lower(), [])
    return any(_matches(rule, "to" if direction == "Egress" else "from", peer, port) for rule in rules)


def _matches(rule: Resource, key: str, peer: str, port: int) -> bool:
    named_ports = {"http": 8000, "postgres": 5432, "redis": 6379, "status": 8001}
    ports = {named_ports.get(each["port"], each["port"]) for each in rule["ports"]}
    peers = rule.get(key)
    return port in ports and (
        peers is None or any("podSelector" in each and _selects(each["podSelector"], peer) for each in peers)
    )


def _selects(selector: Resource, pod: str) -> bool:
    labels = {"app.kubernetes.io/name": pod}
    return selector.get("matchLabels", {}).items() <= labels.items() and all(
        labels.get(each["key"]) in each["values"] for each in selector.get("matchExpressions", [])
    )
