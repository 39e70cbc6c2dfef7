"""Odd spellings of ids, broken paths and queries, forged cursors, strange methods."""

import base64
from urllib.parse import quote, unquote
from uuid import uuid4

import msgspec
import pytest
from httpx import AsyncClient

from tests.operations import Operation, all_operations
from tests.people import Person
from tests.scene import Scene, set_scene, turned_away

OPERATIONS = all_operations()
ADDRESSED = [operation for operation in OPERATIONS if operation.takes_ids]
ARABIC_ONE = "%D9%A1"
ODD_IDS = [
    "0",
    "-1",
    "+1",
    "1_000",
    "007",
    "1.0",
    "1e2",
    "0x1",
    "1,2",
    "1;2",
    "null",
    ARABIC_ONE,
    "%EF%BC%91",
    quote("😀"),
    "%201",
    "1%20",
    "%0a1",
    "1%0a",
    "1%2F2",
    "%2e%2e",
    str(2**63),
    str(2**64),
    "9" * 5000,
]
BROKEN_TEXTS = ["%00", "a%00b", "%FF", "%C3%28", "%ED%A0%80", "%F4%90%80%80"]
ODD_NUMBERS = [
    "",
    "0",
    "-1",
    "+1",
    "1_000",
    "007",
    "1.0",
    "1e2",
    "%201",
    "1%0a",
    "null",
    "1,2",
    ARABIC_ONE,
    "9" * 5000,
    str(2**31),
    str(2**63),
]


@pytest.fixture
async def scene(operation: Operation, client: AsyncClient, admin: Person, reporter: Person) -> Scene:
    return await set_scene(operation, client, admin, reporter)


def parameters(*kinds: str) -> list[tuple[Operation, str]]:
    """The query parameters whose schema is of one of these types."""
    return [
        (operation, parameter["name"])
        for operation in OPERATIONS
        for parameter in operation.parameters
        if parameter["in"] == "query" and operation.resolve(parameter["schema"]).get("type") in kinds
    ]


@pytest.mark.parametrize("operation", ADDRESSED, ids=str)
async def test_an_id_has_one_spelling(operation: Operation, scene: Scene) -> None:
    for name in operation.takes_ids:
        for odd in ODD_IDS:
            response = await scene.call(operation, ids={name: odd}, **operation.example_request())
            assert turned_away(response)["status"] == 404, odd


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
async def test_a_path_or_query_that_is_no_text_is_refused(operation: Operation, scene: Scene) -> None:
    for broken in BROKEN_TEXTS:
        for name in operation.takes_ids:
            response = await scene.call(operation, ids={name: broken}, **operation.example_request())
            assert turned_away(response)["status"] == 400, broken
        for query in (broken, f"q={broken}", f"{broken}=1"):
            response = await scene.call(operation, query=query, **operation.example_request())
            assert turned_away(response)["status"] == 400, query


@pytest.mark.parametrize(("operation", "name"), parameters("integer"), ids=str)
async def test_a_number_has_one_spelling(operation: Operation, name: str, scene: Scene) -> None:
    for odd in ODD_NUMBERS:
        problem = turned_away(await scene.call(operation, query=f"{name}={odd}"))
        assert problem["errors"][0]["field"] == name, odd


@pytest.mark.parametrize(("operation", "name"), parameters("integer", "string"), ids=str)
async def test_a_parameter_that_is_no_list_is_given_once(operation: Operation, name: str, scene: Scene) -> None:
    problem = turned_away(await scene.call(operation, query=f"{name}=30&{name}=30"))
    assert problem["errors"] == [{"field": name, "message": "Given more than once."}]


@pytest.mark.parametrize(("operation", "name"), parameters("integer", "string", "array"), ids=str)
async def test_an_endless_parameter_is_refused(operation: Operation, name: str, scene: Scene) -> None:
    assert turned_away(await scene.call(operation, query=f"{name}={'x' * 60_000}"))["status"] == 400


@pytest.mark.parametrize(
    "search",
    [
        {"status": "no_such"},
        {"status": "open,done"},
        {"severity": "HIGH"},
        {"sort": "password_hash"},
        {"sort": "-created; DROP TABLE users"},
        {"assignee": "+1"},
        {"assignee": "1.0"},
        {"assignee": str(2**63)},
        {"reporter": "none"},
        {"reporter": "007"},
        {"reporter": unquote(ARABIC_ONE)},
        {"q": "x" * 501},
        {"tag": "x" * 501},
    ],
    ids=str,
)
async def test_a_filter_that_means_nothing_is_refused(search: dict[str, str], admin: Person) -> None:
    problem = turned_away(await admin.get("/issues", params=search))
    assert problem["errors"][0]["field"] in search


@pytest.mark.parametrize(
    "words",
    ["'", "\\", "%", "_", "*", ":*", "(", "!", "&", "|", '"', '""', "-", "--", "or", "#", "#0", "#" + "9" * 19, "<->", "😀", "\u202e", "\uffff"],
)  # fmt: skip
async def test_any_words_can_be_searched_for(words: str, admin: Person) -> None:
    assert (await admin.get("/issues", params={"q": words, "tag": words})).status_code == 200


def cursors() -> list[str]:
    """Forged ones, well-formed on the outside."""
    moments = ["2026-01-01T00:00:00Z", "2026-01-01T00:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
    values: list[object] = [None, True, 1.5, -1, 2**63, 2**64, 10**30, "", "a\0b", "critical", [], {}, *moments]
    tuples = [(), (1, 2, 3, 4), *((value,) for value in values)]
    tuples += [(value, number) for value in values for number in (1, -1, 2**63, "1", 1.0)]
    tuples += [("-created", value, number) for value in values for number in (-1, 2**63, None)]
    documents = [msgspec.json.encode(each) for each in tuples]
    documents += [b"[" * 300, rb'["\ud800", 1]', b'["\xff", 1]', b"[1e999]", b"null", b"{}", b""]
    return ["x", "====", "é", "A" * 400, *(base64.urlsafe_b64encode(document).decode() for document in documents)]


@pytest.mark.parametrize(
    "operation", [operation for operation, name in parameters("string") if name == "cursor"], ids=str
)
async def test_a_forged_cursor_is_refused_or_a_place_in_the_list(operation: Operation, scene: Scene) -> None:
    for cursor in cursors():
        response = await scene.call(operation, query=f"cursor={quote(cursor)}")
        if response.status_code != 200:
            assert turned_away(response)["status"] == 400


async def test_a_forged_event_cursor_is_a_reset(admin: Person) -> None:
    genuine = (await admin.get("/events")).json()["cursor"]
    for cursor in [*cursors(), genuine[:-1], genuine[1:], genuine + "A", genuine.swapcase()]:
        answer = (await admin.get("/events", params={"after": cursor})).json()
        assert (answer["reset"], answer["events"]) == (True, []), cursor


@pytest.mark.parametrize("method", ["HEAD", "TRACE", "CONNECT", "PROPFIND", "FOO", "PATCH", "PUT", "POST", "DELETE"])
async def test_a_method_that_an_address_does_not_take_is_refused(
    method: str, client: AsyncClient, admin: Person
) -> None:
    for path in {operation.path for operation in OPERATIONS} - {
        operation.path for operation in OPERATIONS if operation.method == method
    }:
        for caller in (client, admin):
            response = await caller.request(method, path.replace("{", "").replace("}", ""))
            assert response.status_code == 405
            assert "OPTIONS" in response.headers["allow"]


@pytest.mark.parametrize("path", sorted({operation.path for operation in OPERATIONS}))
async def test_everybody_may_ask_for_the_methods_of_an_address(path: str, client: AsyncClient) -> None:
    response = await client.options(path.replace("{session_id}", str(uuid4())))
    methods = {operation.method for operation in OPERATIONS if operation.path == path}
    assert response.status_code == 204
    assert set(response.headers["allow"].split(", ")) == {*methods, "OPTIONS"}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "//",
        "/issues/1/",
        "/no/such/place",
        "/issues/1/comments/1/2",
        "/../etc/passwd",
        "/" + "x" * 60_000,
    ],
)
async def test_an_address_that_is_none_is_not_found(path: str, admin: Person) -> None:
    assert turned_away(await admin.get(path))["status"] == 404
