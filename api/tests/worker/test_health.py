"""What the orchestrator is told."""

import threading
from pathlib import Path

import pytest
from httpx import AsyncClient

from tests.conftest import Installed
from tests.people import accepted
from tracker.attachments.stores import Folder
from tracker.local.stack import free_port
from tracker.operations import health


async def test_a_replica_with_all_that_it_needs_is_ready(client: AsyncClient) -> None:
    readiness = accepted(await client.get("/health/ready"))
    assert readiness == {"status": "ok", "checks": {"database": "ok", "redis": "ok", "files": "ok"}}


async def test_redis_being_away_is_told_but_does_not_matter(installed: Installed, tmp_path: Path) -> None:
    client = await installed(redis_url=f"unix://{tmp_path}/nowhere.sock")
    readiness = accepted(await client.get("/health/ready"))
    assert readiness == {"status": "ok", "checks": {"database": "ok", "redis": "unreachable", "files": "ok"}}


async def test_a_replica_without_redis_does_not_ask_for_it(installed: Installed) -> None:
    client = await installed(redis_url=None)
    assert accepted(await client.get("/health/ready"))["checks"] == {"database": "ok", "files": "ok"}


async def test_store_and_scanner_being_away_is_told_but_no_reason_to_go_elsewhere(
    installed: Installed, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    client = await installed(upload_store=str(tmp_path / "file"), clamd_url=f"tcp://127.0.0.1:{free_port()}")
    readiness = accepted(await client.get("/health/ready"))
    assert readiness["checks"] == {"database": "ok", "redis": "ok", "files": "unreachable", "scanner": "unreachable"}


async def test_a_store_that_hangs_is_asked_once_and_holds_nobody_up(
    installed: Installed, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answer = list[Folder](), threading.Event()

    def hang(folder: Folder) -> None:
        asked.append(folder)
        answer.wait(30)

    monkeypatch.setattr(Folder, "reach", hang)
    monkeypatch.setattr(health, "ANSWER_SECONDS", 1.0)  # for PostgreSQL too
    client = await installed()
    try:
        for _ in range(2):
            assert accepted(await client.get("/health/ready"))["checks"]["files"] == "unreachable"
        assert len(asked) == 1
    finally:
        answer.set()
