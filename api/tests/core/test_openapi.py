"""The OpenAPI document keeps its promises: it is whole, its examples are right, and the API answers what it says."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from click.testing import CliRunner
from httpx import AsyncClient
from sqlalchemy import text

from tests.operations import Json, Operation, all_operations
from tests.people import PASSWORD, Person, refused
from tests.scene import Scene, set_scene
from tracker.cli import tracker
from tracker.core.database import Sessions

COMMITTED = Path(__file__).parents[2] / "openapi.json"
OPERATIONS = all_operations()
WRITES = [operation for operation in OPERATIONS if operation.method != "GET"]
KEYLESS = {"signIn", "refreshToken"}
"""Tokens are never stored, not even to repeat an answer."""


@pytest.fixture
async def scene(
    operation: Operation, client: AsyncClient, admin: Person, reporter: Person, sessions: Sessions
) -> Scene:
    scene = await set_scene(operation, client, admin, reporter)
    if operation.id == "undoImport":
        async with sessions() as session:
            await session.execute(text("UPDATE import_batches SET state = 'done'"))
            await session.commit()
    if operation.id in {"restoreIssue", "purgeIssue"}:
        await admin.delete(f"/issues/{scene.objects['issue_id']}")
    return scene


def fits(value: Any, schema: Json, operation: Operation) -> None:
    whole = {"components": operation.document["components"]} | schema
    jsonschema_rs.validator_for(whole, validate_formats=True).validate(value)


def right_request(operation: Operation, person: Person) -> dict[str, Any]:
    """The documented example, with the secrets of this test."""
    request = operation.example_request()
    secrets = {"email": person.email, "password": PASSWORD}
    if operation.id == "signIn":
        return {"json": secrets}
    if operation.id == "changePassword":
        request["json"] |= {"current_password": PASSWORD}
    if operation.id == "changeIssue":
        request["json"] |= {"assignee_id": person.id}
    if operation.id == "putIssue":
        request["json"] |= {"assignee_id": person.id}
    return request


def test_the_committed_document_is_the_one_that_the_api_serves() -> None:
    printed = CliRunner().invoke(tracker, ["openapi"], catch_exceptions=False)
    assert json.loads(printed.output) == json.loads(COMMITTED.read_text("utf-8")), "run make openapi"


def test_schemas_have_names_that_clients_like() -> None:
    names = OPERATIONS[0].document["components"]["schemas"].keys()
    assert not [name for name in names if not name.isalnum() or name.endswith("View")]


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_an_operation_says_what_it_is_for_and_what_it_answers(operation: Operation) -> None:
    assert operation.described["summary"]
    assert operation.described["tags"]
    for parameter in operation.parameters:
        assert parameter["in"] == "path" or parameter["description"], parameter["name"]
    for status, response in operation.responses.items():
        assert response["description"]
        assert "X-Request-Id" in response["headers"]
        assert ("WWW-Authenticate" in response["headers"]) == (status == "401")
        assert ("Retry-After" in response["headers"]) == (status in {"429", "503"}) or operation.id == "readReadiness"
        for media_type, content in response.get("content", {}).items():
            assert media_type == "*/*" or operation.examples_of(content), status


@pytest.mark.parametrize("operation", WRITES, ids=str)
def test_a_write_shows_how_it_is_called(operation: Operation) -> None:
    for media_type, content in operation.bodies.items():
        assert media_type == "multipart/form-data" or operation.examples_of(content)
    takes_key = any(parameter["name"] == "Idempotency-Key" for parameter in operation.parameters)
    assert takes_key == (operation.id not in KEYLESS)


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_examples_fit_their_schemas(operation: Operation) -> None:
    contents = list(operation.bodies.values())
    for response in operation.responses.values():
        contents += response.get("content", {}).values()
    for content in contents:
        for example in operation.examples_of(content):
            fits(example, content["schema"], operation)


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
async def test_an_answer_is_as_documented(operation: Operation, scene: Scene) -> None:
    if operation.id == "refreshToken":
        return
    response = await scene.call(operation, **right_request(operation, scene.caller))
    documented = operation.responses[str(int(response.status_code))]
    assert response.is_success, response.text
    assert not [
        name for name in documented["headers"] if name not in response.headers and name != "Idempotent-Replayed"
    ]
    for media_type, content in documented.get("content", {}).items():
        assert media_type in {"*/*", response.headers["content-type"].split(";")[0]}
        if media_type == "application/json":
            fits(response.json(), content["schema"], operation)


@pytest.mark.parametrize("operation", [operation for operation in WRITES if operation.id not in KEYLESS], ids=str)
async def test_a_write_sent_twice_under_one_key_is_done_once(operation: Operation, scene: Scene) -> None:
    key = {"Idempotency-Key": "once"}
    first = await scene.call(operation, headers=key, **right_request(operation, scene.caller))
    assert first.is_success, first.text
    assert "idempotent-replayed" not in first.headers
    if operation.id in {"signOut", "signOutEverywhere"}:
        return
    again = await scene.call(operation, headers=key, **right_request(operation, scene.caller))
    assert again.headers["idempotent-replayed"] == "true"
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["x-event-ids"] == first.headers["x-event-ids"]
    if "multipart/form-data" in operation.bodies:
        other: dict[str, Any] = {"files": {"files": ("other.txt", b"Another file.", "text/plain")}}
    else:
        other = {"content": json.dumps(operation.example_body() or {}) + " "}
        key["Content-Type"] = "application/json"
    refused(await scene.call(operation, headers=key, **other), 409)
