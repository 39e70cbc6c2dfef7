"""Dashboard and alerts ask for nothing that is not told, and every alert is explained."""

import json
import re
from typing import Any

import promql_parser
import yaml
from httpx import AsyncClient, TransportError
from litestar import Litestar
from prometheus_client.parser import text_string_to_metric_families

from tests.people import Person
from tests.processes import environment_of, running_process
from tracker.core.metrics import Metrics
from tracker.local.stack import REPOSITORY, free_port
from tracker.operations.jobs import JOBS
from tracker.settings import RATES, Settings

FOLDER = REPOSITORY / "deploy" / "observability"
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "grafana" / "dashboard.json").read_text())
ALERTS: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"] for rule in group["rules"]
]
PANELS: list[dict[str, Any]] = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
PROMETHEUS: dict[str, Any] = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
PROMETHEUS_OWN = {"up", "ALERTS"}
LABELS_OF_TARGETS = {"job", "instance", "le", "__name__"}
RUNBOOK = (REPOSITORY / "deploy" / "README.md").read_text()


def expressions() -> list[str]:
    asked = [target["expr"] for panel in PANELS for target in panel["targets"]]
    return [*asked, *(rule["expr"] for rule in ALERTS), *(each["expr"] for each in DASHBOARD["annotations"]["list"])]


def selectors(expression: str) -> list[tuple[str, dict[str, str]]]:
    """Every metric that an expression asks for, and by which labels."""
    promql_parser.parse(expression.replace("$__rate_interval", "5m"))  # or it is none
    found: list[tuple[str, dict[str, str]]] = []
    bare = re.sub(r'"[^"]*"', '""', re.sub(r"\b(by|without) \([^)]*\)", "", expression))
    for name in re.findall(r"\b(?:tracker|process)_\w+|\b(?:up|ALERTS)\b(?=[{ )]|$)", bare):
        matchers = re.search(rf"\b{name}\{{([^}}]*)\}}", expression)
        found.append((name, dict(re.findall(r'(\w+)(?:=~|!~|!=|=)"([^"]*)"', matchers[1])) if matchers else {}))
    return found


def groupings(expression: str) -> set[str]:
    return {
        label.strip() for labels in re.findall(r"\bby \(([^)]*)\)", expression) for label in labels.split(",") if label
    }


def told(exposition: str) -> set[str]:
    """The names of all series that come, or may come, of an answer of `/metrics`."""
    names: set[str] = set()
    for family in text_string_to_metric_families(exposition):
        suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}.get(family.type, [""])
        names |= {family.name + suffix for suffix in suffixes} | {sample.name for sample in family.samples}
    return names


def labels_of(metrics: Metrics, name: str) -> set[str]:
    collector = vars(metrics.registry)["_names_to_collectors"].get(name)  # those of the process itself have none
    return {*getattr(collector, "_labelnames", ())}


async def test_every_metric_asked_for_is_told_by_the_api_or_the_worker(
    client: AsyncClient, admin: Person, settings: Settings
) -> None:
    await admin.open_issue()
    port = free_port()
    environment = environment_of(settings) | {"WORKER_PORT": str(port)}
    async with running_process("worker", environment=environment), AsyncClient(timeout=60) as outside:
        by_api, by_worker = told((await client.get("/metrics")).text), set[str]()
        while not by_worker:
            try:
                by_worker = told((await outside.get(f"http://127.0.0.1:{port}/metrics")).text)
            except TransportError:
                continue
    for expression in expressions():
        for name, matchers in selectors(expression):
            if name not in PROMETHEUS_OWN:
                assert name in (by_worker if matchers.get("job") == "tracker-worker" else by_api), expression


async def test_every_label_asked_for_is_one_of_the_metrics(app: Litestar) -> None:
    metrics: Metrics = app.state.metrics
    for expression in expressions():
        known = {*LABELS_OF_TARGETS}
        for name, matchers in selectors(expression):
            if name not in PROMETHEUS_OWN:
                own = labels_of(metrics, name) | LABELS_OF_TARGETS
                assert set(matchers) <= own, expression
                known |= own
        assert groupings(expression) <= known, expression


def test_every_value_asked_for_is_one_that_there_is() -> None:
    jobs = {each["job_name"] for each in PROMETHEUS["scrape_configs"]}
    for expression in expressions():
        for name, matchers in selectors(expression):
            if "job" in matchers:
                assert any(re.fullmatch(matchers["job"], job) for job in jobs), expression
            if "name" in matchers:
                alternatives = matchers["name"].split("|")
                assert all(any(re.fullmatch(each, job) for job in JOBS) for each in alternatives), expression
            if "limit" in matchers:
                assert all(any(re.fullmatch(one, rate) for rate in RATES) for one in matchers["limit"].split("|")), name


def test_an_alert_says_what_is_wrong_and_the_runbook_what_to_do() -> None:
    names = [rule["alert"] for rule in ALERTS]
    assert len({*names}) == len(names)
    for rule in ALERTS:
        assert set(rule) == {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"]["summary"].endswith(".")
    assert re.findall(r"^\| `(Tracker\w+)` \|", RUNBOOK, re.MULTILINE) == names


def test_nightly_and_frequent_jobs_are_all_watched() -> None:
    watched = "|".join(
        matchers["name"] for rule in ALERTS for _, matchers in selectors(rule["expr"]) if "name" in matchers
    )
    unwatched = {name for name in JOBS if not re.fullmatch(watched, name)}
    visible = {"scan-files", "remove-discarded-files", "run-imports"}
    assert unwatched <= visible, "those are asked for by uploads and imports, and fail visibly"


def test_the_dashboard_is_one_that_grafana_can_show() -> None:
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len({*ids}) == len(ids)
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells
    for panel in PANELS:
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
    assert len({panel["title"] for panel in PANELS}) == len(PANELS)


def test_prometheus_looks_where_the_processes_tell() -> None:
    compose = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())["services"]
    ports = {"api": 8000, "worker": int(compose["worker"]["environment"]["WORKER_PORT"])}
    scraped = [target for each in PROMETHEUS["scrape_configs"] for target in each["dns_sd_configs"]]
    assert {name: target["port"] for target in scraped for name in target["names"]} == ports
