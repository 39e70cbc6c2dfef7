"""The files that make an installation with Docker, as far as they can be tried without it."""

import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tracker.local.stack import REPOSITORY
from tracker.settings import SECRETS

COMPOSE: dict[str, Any] = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
BIN = Path(sys.executable).parent


def test_compose_knows_every_field() -> None:
    check = [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", REPOSITORY / "compose.yaml"]
    checked = subprocess.run(check, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("name", ["api", "web"])
def test_dockerfiles_are_as_they_should_be(name: str) -> None:
    linted = subprocess.run(
        [BIN / "hadolint", "--failure-threshold=info", REPOSITORY / "deploy" / name / "Dockerfile"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert linted.returncode == 0, linted.stdout


def test_every_service_is_hardened() -> None:
    for name, service in SERVICES.items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["read_only"] or name == "clamd", name
        assert service["pids_limit"], name


def test_only_the_door_is_published() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"web", "grafana"}
    assert all(port.startswith("127.0.0.1:") for port in published["grafana"])
    assert COMPOSE["networks"]["inside"]["internal"]


def test_no_secret_stands_in_the_file_or_has_a_default() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if variable == "REDIS_URL":
                assert "@" not in value, name
            elif variable.removesuffix("_FILE") in SECRETS or "PASSWORD" in variable:
                assert variable.endswith("_FILE"), name
                assert value == f"/run/secrets/{Path(value).name}"
                assert Path(value).name in service["secrets"]
    assert set(COMPOSE["secrets"]) == {"secret_key", "db_password", "redis_password", "grafana_password"}


def test_secrets_are_made_once(tmp_path: Path) -> None:
    def made() -> dict[str, str]:
        subprocess.run([REPOSITORY / "deploy" / "make-secrets", tmp_path / "secrets"], check=True)
        return {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}

    first = made()
    assert set(first) == set(COMPOSE["secrets"])
    assert all(re.fullmatch("[0-9a-f]{64}", secret) for secret in first.values())
    assert len({*first.values()}) == len(first)
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert made() == first


def test_images_are_pinned_and_run_as_nobody() -> None:
    for name in ("api", "web"):
        text = (REPOSITORY / "deploy" / name / "Dockerfile").read_text()
        bases = [base for base in re.findall(r"^FROM (\S+)", text, re.MULTILINE) if base != "api"]
        assert all(re.search(r":\d+\.?\d*-", base) for base in bases), bases
        assert re.findall(r"^USER (\d+)", text, re.MULTILINE)[-1] != "0"
