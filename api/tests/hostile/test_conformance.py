"""Schemathesis over the OpenAPI document: to nobody and to each role, no answer is undocumented and none a 5xx."""

import asyncio
import json
import shutil
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from tests.conftest import Newcomer
from tests.operations import all_operations
from tests.people import Person, accepted
from tests.processes import serving_process
from tests.scene import objects_of
from tracker.models import Role
from tracker.settings import Settings

SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"
CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
# In a run of their own, because they take away what the others need.
DESTRUCTIVE = [
    "changeUser",
    "deactivateUser",
    "deleteAttachment",
    "deleteComment",
    "deleteIssue",
    "endSession",
    "purgeIssue",
    "signOut",
    "signOutEverywhere",
]
READS_OF_AN_ISSUE = ["readIssue", "readHistory", "listComments", "listAttachments"]


@pytest.fixture(scope="module")
async def address(settings: Settings) -> AsyncGenerator[str]:
    async with serving_process(settings) as (_, address):
        yield address


async def conforms(address: str, directory: Path, *options: str) -> dict[str, Any]:
    """Runs Schemathesis and gives its report, once nothing is wrong.

    Args:
        address: of the API.
        directory: where a configuration may be, and reports are put.
        options: more than those in the configuration.
    """
    if not (configuration := directory / "schemathesis.toml").exists():
        shutil.copy(CONFIGURATION, configuration)
    process = await asyncio.create_subprocess_exec(
        SCHEMATHESIS,
        "run",
        f"{address}/schema/openapi.json",
        "--no-color",
        "--continue-on-failure",
        "--report-json-path=report.json",
        *options,
        cwd=directory,
        stdout=PIPE,
        stderr=STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
    return json.loads((directory / "report.json").read_text())


def reached(report: dict[str, Any]) -> set[str]:
    """The operations that accepted a request at least once."""
    return {
        label
        for label, phases in report["valid_rates"].items()
        if any(outcomes["accepted"] for outcomes in phases.values())
    }


@pytest.mark.parametrize(
    ("role", "phases"), [(Role.REPORTER, "coverage"), (Role.MAINTAINER, "coverage"), (Role.ADMIN, "coverage,fuzzing")]
)
async def test_every_answer_is_a_documented_one(
    role: Role, phases: str, address: str, newcomer: Newcomer, tmp_path: Path
) -> None:
    person = await newcomer("Ann Lee", role)
    await objects_of(person, "{issue_id}{comment_id}{attachment_id}", person)
    token = f"--header=Authorization:{person.headers['Authorization']}"
    excluded = [f"--exclude-operation-id={each}" for each in DESTRUCTIVE]
    report = await conforms(address, tmp_path, f"--phases={phases}", token, *excluded)
    assert report["operations"]["tested"] == len(all_operations()) - len(DESTRUCTIVE)
    assert {"GET /issues/{issue_id}", "POST /issues", "POST /issues/{issue_id}/comments"} <= reached(report)
    assert accepted(await person.get("/users/me"))["role"] == role


async def test_every_answer_to_a_stranger_is_a_documented_one(
    address: str, client: AsyncClient, tmp_path: Path
) -> None:
    public = [operation.id for operation in all_operations() if operation.is_public]
    included = [f"--include-operation-id={each}" for each in public]
    report = await conforms(address, tmp_path, "--phases=coverage,fuzzing", *included)
    assert report["operations"]["tested"] == len(public)
    assert "POST /users/register" in reached(report)


@pytest.mark.parametrize("role", [Role.REPORTER, Role.MAINTAINER, None], ids=lambda role: role or "stranger")
async def test_only_admins_get_anywhere_with_imports(
    role: Role | None, address: str, newcomer: Newcomer, tmp_path: Path
) -> None:
    tokens = [(await newcomer("Ann Lee", role)).headers["Authorization"]] if role else []
    headers = [f"--header=Authorization:{token}" for token in tokens]
    included = [f"--include-operation-id={each.id}" for each in all_operations() if each.path.startswith("/imports")]
    report = await conforms(address, tmp_path, "--phases=coverage,fuzzing", *headers, *included)
    assert report["operations"]["tested"] == len(included)
    assert reached(report) == set()


async def test_every_answer_to_a_destructive_request_is_a_documented_one(
    address: str, admin: Person, tmp_path: Path
) -> None:
    await objects_of(admin, "{issue_id}{comment_id}{attachment_id}", admin)
    included = [f"--include-operation-id={each}" for each in DESTRUCTIVE]
    token = f"Authorization:{admin.headers['Authorization']}"
    report = await conforms(address, tmp_path, "--phases=coverage,fuzzing", f"--header={token}", *included)
    assert report["operations"]["tested"] == len(DESTRUCTIVE)


async def test_no_reporter_is_given_what_another_one_filed(
    address: str, reporter: Person, stranger: Person, tmp_path: Path
) -> None:
    """Schemathesis follows the id of each new issue as its owner and as the other one."""
    entries = {person.name: person.headers["Authorization"] for person in (reporter, stranger)}
    (tmp_path / "auth.json").write_text(
        json.dumps(
            {
                "auth": [
                    {"name": name, "fixedHeaders": [{"name": "Authorization", "value": token}]}
                    for name, token in entries.items()
                ]
            }
        )
    )
    names = json.dumps(list(entries))
    (tmp_path / "schemathesis.toml").write_text(
        f"{CONFIGURATION.read_text()}\n[auth.wfc]\npath = 'auth.json'\nuser = '{reporter.name}'\npeers = {names}\n"
    )
    included = [f"--include-operation-id={each}" for each in ("openIssue", *READS_OF_AN_ISSUE)]
    options = ("--phases=stateful", "--mode=positive", "--max-examples=20", "--checks=object_level_authorization")
    await conforms(address, tmp_path, *options, "--report=har", "--report-har-path=sent.json", *included)
    sent = json.loads((tmp_path / "sent.json").read_text())["log"]["entries"]
    answered = {entry["response"]["status"] for entry in sent if "/issues/" in entry["request"]["url"]}
    assert {200, 404} <= answered
