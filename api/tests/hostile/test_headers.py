"""Odd credentials, keys, entity tags, cookies and hosts."""

import pytest
from httpx import AsyncClient

from tests.operations import Operation, all_operations
from tests.people import PASSWORD, Person, refused
from tests.scene import Scene, set_scene, turned_away

OPERATIONS = all_operations()
KEYED = [operation for operation in OPERATIONS if any(p["name"] == "Idempotency-Key" for p in operation.parameters)]
TOKEN_TAKING = [operation for operation in OPERATIONS if operation.takes_token]
ODD_CREDENTIALS = [
    b"",
    b" ",
    b"Bearer",
    b"Bearer ",
    b"Bearer  ",
    b"Bearer x",
    b"Bearer a.b.c",
    b"Bearer a.b.c d",
    b"Bearer \xff\xfe",
    "Bearer é.é.é".encode(),
    b"Bearer e30.e30.",
    b"Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
    b"Bearer " + b"e30." * 2000,
    b"Bearer " + b"W1tb" * 1000 + b".e30.x",
    b"Bearer null",
    b"Basic YWRtaW46YWRtaW4xMjM=",
    b"Digest username=admin",
    b"x" * 5000,
]
ODD_KEYS = [b"", b" ", b"a b", b"\ta", b"\x7f", "é".encode(), b"\xff", b"x" * 201, b"x" * 5000]
ODD_TAGS = [b"", b" ", b'"', b'""', b"W/", b'W/"', b"7-", b"-1", b"\xff", "é".encode(), b",,,", b'"a" "b', b"* *"]
ODD_HOSTS = [
    b"",
    b" ",
    b"[",
    b"[::1",
    b"a b",
    b"\xff",
    "é".encode(),
    b"x" * 5000,
    b"host:port",
    b"host:99999999",
    b"@",
    b"/",
]

ODD_COOKIES = [
    b"",
    b"=",
    b";;;",
    b"refresh_token",
    b"refresh_token=",
    b"refresh_token=\xff",
    b"refresh_token=\0",
    b'refresh_token="\\377"',
    b"refresh_token=a; refresh_token=b",
    b"refresh_token=" + b"x" * 200,
]


@pytest.fixture
async def scene(operation: Operation, client: AsyncClient, admin: Person, reporter: Person) -> Scene:
    return await set_scene(operation, client, admin, reporter)


@pytest.mark.parametrize("operation", TOKEN_TAKING, ids=str)
async def test_odd_credentials_are_none(operation: Operation, scene: Scene) -> None:
    for credentials in ODD_CREDENTIALS:
        response = await scene.call(operation, headers={b"Authorization": credentials}, **operation.example_request())
        assert turned_away(response)["status"] == 401, credentials
        assert response.headers["www-authenticate"].startswith("Bearer")


async def test_two_credentials_are_none(admin: Person, reporter: Person) -> None:
    both = [("Authorization", person.headers["authorization"]) for person in (admin, reporter)]
    refused(await admin.get("/users/me", headers=both), 401)


@pytest.mark.parametrize("operation", KEYED, ids=str)
async def test_an_odd_idempotency_key_is_refused(operation: Operation, scene: Scene) -> None:
    for key in ODD_KEYS:
        response = await scene.call(operation, headers={b"Idempotency-Key": key}, **operation.example_request())
        assert turned_away(response)["status"] == 400, key
    twice = [("Idempotency-Key", "one"), ("Idempotency-Key", "two")]
    assert turned_away(await scene.call(operation, headers=twice, **operation.example_request()))["status"] == 400


async def test_an_odd_entity_tag_names_no_version(admin: Person) -> None:
    issue = await admin.open_issue()
    for tag in ODD_TAGS:
        changed = await admin.patch(f"/issues/{issue['id']}", json={"title": "Changed"}, headers={b"If-Match": tag})
        assert turned_away(changed)["status"] == 412, tag
        assert (await admin.get(f"/issues/{issue['id']}", headers={b"If-None-Match": tag})).status_code == 200, tag


async def test_an_endless_entity_tag_is_refused(admin: Person) -> None:
    issue = await admin.open_issue()
    endless = {"If-Match": "x" * 5000, "If-None-Match": "x" * 5000}
    turned_away(await admin.get(f"/issues/{issue['id']}", headers=endless))
    turned_away(await admin.patch(f"/issues/{issue['id']}", json={"title": "Changed"}, headers=endless))


@pytest.mark.parametrize("cookie", ODD_COOKIES)
async def test_an_odd_refresh_cookie_is_none(cookie: bytes, client: AsyncClient) -> None:
    for path in ("/users/token/refresh", "/users/logout"):
        assert turned_away(await client.post(path, headers={b"Cookie": cookie}))["status"] == 401


async def test_an_endless_refresh_cookie_is_refused(client: AsyncClient) -> None:
    turned_away(await client.post("/users/token/refresh", headers={"Cookie": "refresh_token=" + "x" * 5000}))


@pytest.mark.parametrize("host", ODD_HOSTS)
async def test_an_odd_host_breaks_nothing(host: bytes, client: AsyncClient, admin: Person) -> None:
    headers = {b"Host": host, b"X-Forwarded-Host": host, b"X-Forwarded-For": host, b"Origin": host}
    key = {b"Idempotency-Key": b"once"}
    signed_in = await client.post("/users/token", json={"email": admin.email, "password": PASSWORD}, headers=headers)
    opened = await admin.post("/issues", json={"title": "Odd"}, headers={**headers, **key})
    for response in (signed_in, opened, await client.get("/schema", headers=headers)):
        if response.is_error:
            turned_away(response)


@pytest.mark.parametrize("agent", [b"", b"\xff\xfe", b"a\0b", "😀".encode(), b"x" * 5000])
async def test_any_browser_may_sign_in(agent: bytes, client: AsyncClient, admin: Person) -> None:
    credentials = {"email": admin.email, "password": PASSWORD}
    response = await client.post("/users/token", json=credentials, headers={b"User-Agent": agent})
    if response.status_code != 200:
        turned_away(response)


@pytest.mark.parametrize(
    "given", [b"short", b"x" * 65, b"a b c d e f", b"\xff" * 10, b"<script>alert", b"'; DROP TABLE"]
)
async def test_only_a_tame_request_id_is_taken_over(given: bytes, client: AsyncClient) -> None:
    response = await client.get("/health/live", headers={b"X-Request-Id": given})
    assert response.headers["x-request-id"].isalnum()
    assert response.headers["x-request-id"] != given.decode("latin-1")


@pytest.mark.parametrize("path", ["/issues/", "/issues/search?q=x", "/users/me", "/tags/", "/issues/999", "/nowhere"])
async def test_no_browser_and_no_proxy_keeps_what_is_for_one_person(
    admin: Person, client: AsyncClient, path: str
) -> None:
    for answer in (await admin.get(path), await client.get(path)):
        assert answer.headers.get_list("cache-control") == ["no-store"]
