import os
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tracker.local import stack as stack_module
from tracker.local.claim import MARK
from tracker.local.errors import LocalError
from tracker.local.stack import Stack, free_port, prepared, supervise

_SITE = f"{sys.executable} -m http.server --bind 127.0.0.1"
_PROCFILE = f"""
api: exec {_SITE} "$API_PORT"
web: {_SITE} "$WEB_PORT" & wait
worker: sleep "$WORKER_LIVES"; exit 7
"""

Sites = Callable[..., Stack]


@pytest.fixture
def sites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sites:
    """Web servers in the place of API and web, and a worker that lives for some seconds."""
    ready = tmp_path / "health" / "ready"
    ready.parent.mkdir()
    ready.write_text("ready")
    procfile = tmp_path / "Procfile"
    procfile.write_text(_PROCFILE)
    monkeypatch.setattr(stack_module, "_PROCFILE", procfile)
    monkeypatch.setattr(stack_module, "REPOSITORY", tmp_path)

    def make(*, worker_lives: int) -> Stack:
        ports = {"API_PORT": str(free_port()), "WEB_PORT": str(free_port())}
        return Stack({**os.environ, **ports, "WORKER_LIVES": str(worker_lives), MARK: str(tmp_path)}, [])

    return make


def running_for(directory: Path) -> list[str]:
    """The processes that were started for `directory`, grandchildren included."""
    names: list[str] = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get(MARK) == str(directory):
                names.append(process.name())
    return names


def test_all_stops_when_the_lifeline_is_closed(sites: Sites, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    seen: list[str] = []

    def on_ready() -> None:
        seen.extend(running_for(tmp_path))
        os.close(writer)

    with os.fdopen(reader) as lifeline, (tmp_path / "log").open("w") as log:
        status = supervise(sites(worker_lives=60), reload=False, output=log, on_ready=on_ready, lifeline=lifeline)
    assert status == 0
    assert "sleep" in seen
    assert running_for(tmp_path) == []


def test_the_end_of_one_process_ends_all(sites: Sites, tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as log:
        status = supervise(sites(worker_lives=1), reload=False, output=log, on_ready=lambda: None)
    assert status == 7
    assert "worker.1 stopped (rc=7)" in (tmp_path / "log").read_text()
    assert running_for(tmp_path) == []


def test_a_taken_port_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(LocalError) as refusal,
            prepared(tmp_path, api_port=free_port(), web_port=port, durable=False, output=sys.stdout),
        ):
            pass
    assert refusal.value.message.startswith(f"WEB_PORT {port}: Address already in use.")
    assert "\n" not in refusal.value.message
