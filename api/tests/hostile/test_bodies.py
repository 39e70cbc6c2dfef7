"""Broken, huge, nested, mistyped and misdeclared bodies."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx import AsyncClient

from tests.operations import Json, Operation, all_operations
from tests.people import PASSWORD, Person
from tests.scene import Scene, set_scene, turned_away
from tracker.app import MAX_BODY_BYTES

DEEP = 100_000
JSON = {"Content-Type": "application/json"}
WRITES = [operation for operation in all_operations() if operation.method != "GET"]
JSON_TAKING = [operation for operation in WRITES if "application/json" in operation.bodies]

MALFORMED = {
    "not JSON": b"{",
    "blank": b"  ",
    "NUL": b"\0",
    "a NUL character in a string": b'{"title": "a\0b"}',
    "invalid UTF-8": b'{"title": "\xff"}',
    "a lone surrogate": rb'{"title": "\ud800"}',
    "a lone surrogate in UTF-8": b'{"title": "\xed\xa0\x80"}',
    "a lone surrogate as a field": rb'{"\udfff": 1}',
    "UTF-16": '{"title": "x"}'.encode("utf-16"),
    "not an object": b"[]",
    "null": b"null",
    "NaN": b'{"title": NaN}',
    "infinity": b'{"title": 1e999}',
    "an integer of 5000 digits": b'{"title": ' + b"9" * 5000 + b"}",
    "an unknown field": b'{"no_such_field": 1}',
    "a field given twice": b'{"title": "x", "title": "x"}',
    "two documents": b"{} {}",
    "lists within 64 kB": b"[" * 32_000 + b"]" * 32_000,
    "objects within 64 kB": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "open brackets": b"[" * DEEP,
    "nested lists": b"[" * DEEP + b"]" * DEEP,
    "nested objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "a deep title": b'{"title": ' + b"[" * DEEP + b"]" * DEEP + b"}",
}
CONTENT_TYPES = [
    None,
    b"",
    b"/",
    b"json",
    b"text/plain",
    b"text/json",
    b"application/xml",
    b"application/json; charset=utf-16",
    b"application/json, application/json",
    b"application/j\xffson",
]


@pytest.fixture
async def scene(operation: Operation, client: AsyncClient, admin: Person, reporter: Person) -> Scene:
    return await set_scene(operation, client, admin, reporter)


@pytest.mark.parametrize("operation", WRITES, ids=str)
async def test_a_malformed_body_is_refused(operation: Operation, scene: Scene) -> None:
    for kind, body in MALFORMED.items():
        problem = turned_away(await scene.call(operation, content=body, headers=JSON))
        assert problem["status"] in {400, 413, 415}, kind


@pytest.mark.parametrize("operation", WRITES, ids=str)
async def test_a_body_of_another_type_is_refused(operation: Operation, scene: Scene) -> None:
    for content_type in CONTENT_TYPES:
        headers = {} if content_type is None else {"Content-Type": content_type}
        problem = turned_away(await scene.call(operation, content=b'{"title": "x"}', headers=headers))
        assert problem["status"] == 415, content_type


@pytest.mark.parametrize("operation", JSON_TAKING, ids=str)
async def test_a_missing_body_is_refused(operation: Operation, scene: Scene) -> None:
    for headers in (JSON, {}):
        assert turned_away(await scene.call(operation, headers=headers))["status"] in {400, 415}


@pytest.mark.parametrize("operation", WRITES, ids=str)
async def test_a_huge_body_is_refused_whether_or_not_it_says_so(operation: Operation, scene: Scene) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b'{"title": "'
        for _ in range(MAX_BODY_BYTES // 65_536 + 1):
            yield b"x" * 65_536

    whole = b"".join([chunk async for chunk in chunks()])
    for body in (whole, chunks()):
        assert turned_away(await scene.call(operation, content=body, headers=JSON))["status"] in {413, 415}


@pytest.mark.parametrize("operation", JSON_TAKING, ids=str)
async def test_a_value_that_does_not_fit_is_refused_by_the_name_of_its_field(
    operation: Operation, scene: Scene
) -> None:
    schema = operation.resolve(operation.bodies["application/json"]["schema"])
    example = operation.example_body()
    for field, described in schema["properties"].items():
        for value in misfits(operation, described):
            rest = json.dumps({name: given for name, given in example.items() if name != field})
            body = f'{rest[:-1]}{"," * (len(rest) > 2)} "{field}": {value}}}'
            problem = turned_away(await scene.call(operation, content=body, headers=JSON))
            fields = [error["field"] for error in problem.get("errors", [])]
            assert problem["status"] in {400, 413}, body
            assert not fields or fields[0].startswith(field), body


def misfits(operation: Operation, described: Json) -> list[str]:
    """JSON texts that a field can't take."""
    kinds: list[Json] = [operation.resolve(kind) for kind in described.get("anyOf", [described])]
    types = {kind.get("type", "string") for kind in kinds}
    wrong = ['{"a": 1}', "1.5", "NaN", "[[]]", r'"\ud800"', r'["\u0000"]']
    if "null" not in types:
        wrong.append("null")
    if "string" in types:
        wrong += ["1", r'"a\u0000b"', json.dumps("x" * 3_000_000)]
    if "integer" in types:
        wrong += ["0", "-1", str(2**63), str(2**64), str(10**30), '"1"', "1e2", "true"]
    if "array" in types:
        wrong += ["[1]", '[""]', json.dumps(["x" * 51]), json.dumps([str(number) for number in range(21)]), r'["a\nb"]']
    if any("enum" in kind for kind in kinds):
        wrong += ['"no such value"', '""']
    return wrong


@pytest.mark.parametrize(
    "form",
    [
        b"",
        b"username=ann",
        b"username=%00&password=x",
        b"username=%FF&password=x",
        b"username=%ED%A0%80&password=x",
        b"username=\xff&password=x",
        b"username=a&password=x&password=y",
        b"username=a&email=b&password=x",
        b"username=a&password=x&role=admin",
        b"username=a&password=" + b"x" * 129,
        b"&".join(b"a%d=1" % number for number in range(1000)),
        b"[" * DEEP,
    ],
)
async def test_a_form_that_is_no_sign_in_is_refused(form: bytes, client: AsyncClient) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert turned_away(await client.post("/users/token", content=form, headers=headers))["status"] in {400, 413}


async def test_an_empty_object_is_as_good_as_no_body(reporter: Person) -> None:
    assert (await reporter.post("/users/logout", json={})).status_code == 204


async def test_the_same_password_signs_in_by_form_and_by_json(client: AsyncClient, reporter: Person) -> None:
    form: dict[str, Any] = {"username": reporter.email, "password": PASSWORD, "grant_type": "password", "scope": ""}
    assert (await client.post("/users/token", data=form)).status_code == 200
    assert (await client.post("/users/token", json={"email": reporter.email, "password": PASSWORD})).status_code == 200
