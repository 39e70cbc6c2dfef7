"""Pages of other sites, in the browser of somebody who is signed in here."""

from collections import defaultdict
from collections.abc import AsyncGenerator

import pytest
from httpx import AsyncClient
from websockets.exceptions import InvalidStatus

from tests.abuse.installation import CANARY, Installation
from tests.operations import all_operations
from tests.people import PASSWORD, Person, accepted, refused, sign_in
from tests.realtime.listener import knocking

ELSEWHERE = ["http://evil.example", "https://evil.example:8443", "null", "file://", "http://127.0.0.1", "http://"]
FROM_ELSEWHERE: list[dict[str, str]] = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://sibling.example"},
    *({"Origin": origin} for origin in ELSEWHERE),
]
GIVEN_AWAY = ("access-control-allow-origin", "access-control-allow-credentials", "access-control-allow-headers")


@pytest.fixture
async def browser(house: Installation, reporter: Person) -> AsyncGenerator[AsyncClient]:
    """Signed in, with the cookie that a page of another site would like to use."""
    async with house.at_the_door() as browser:
        await sign_in(browser, reporter.email)
        house.secrets.add(browser.cookies["refresh_token"])
        yield browser


@pytest.mark.parametrize("headers", FROM_ELSEWHERE, ids=str)
async def test_the_cookie_is_worth_nothing_from_elsewhere(
    browser: AsyncClient, reporter: Person, headers: dict[str, str]
) -> None:
    for path in ("/users/token/refresh", "/users/logout"):
        refused(await browser.post(path, headers=headers), 403)
    accepted(await browser.post("/users/token/refresh", headers={"Sec-Fetch-Site": "same-origin", "Origin": "null"}))


@pytest.mark.parametrize("headers", FROM_ELSEWHERE, ids=str)
async def test_nobody_is_signed_in_as_somebody_else_by_a_page_from_elsewhere(
    client: AsyncClient, stranger: Person, headers: dict[str, str]
) -> None:
    form = {"username": stranger.email, "password": PASSWORD}
    answer = await client.post("/users/token", data=form, headers=headers)
    refused(answer, 403)
    assert "set-cookie" not in answer.headers


async def test_the_own_page_and_programs_may(house: Installation, client: AsyncClient, reporter: Person) -> None:
    credentials = {"email": reporter.email, "password": PASSWORD}
    own: list[dict[str, str]] = [
        {},
        {"Origin": f"http://{house.proxy.web}"},
        {"Origin": f"http://{house.proxy.web}", "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ]
    for headers in own:
        accepted(await client.post("/users/token", json=credentials, headers=headers))
        accepted(await client.post("/users/token/refresh", headers=headers))
        house.secrets.add(client.cookies["refresh_token"])


async def test_a_cookie_without_a_token_does_nothing(browser: AsyncClient) -> None:
    for operation in all_operations():
        if operation.takes_token and operation.id not in {"signOut", "registerUser"}:
            ids = defaultdict(lambda: "1", session_id="00000000-0000-4000-8000-000000000000")
            address = operation.path.format_map(ids)
            answer = await browser.request(operation.method, address, **operation.example_request())
            assert answer.status_code == 401, operation


async def test_no_other_origin_may_read_an_answer(browser: AsyncClient, reporter: Person) -> None:
    for origin in ELSEWHERE:
        asked = {"Origin": origin, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "a"}
        answers = [
            await reporter.get("/users/me", headers={"Origin": origin}),
            await browser.options("/users/token/refresh", headers=asked),
            await browser.options("/issues/", headers=asked),
            await browser.get("/schema/openapi.json", headers={"Origin": origin}),
        ]
        for answer in answers:
            assert not set(GIVEN_AWAY) & set(answer.headers), answer.request.url
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
async def test_what_a_form_can_send_is_no_json(reporter: Person, content_type: str) -> None:
    text = f'{{"title": "{CANARY}"}}'
    answer = await reporter.post("/issues/", content=text, headers={"Content-Type": content_type})
    refused(answer, 415)


async def test_no_page_from_elsewhere_opens_a_socket(house: Installation) -> None:
    for origin in (*ELSEWHERE, f"http://{house.proxy.web}.evil.example", f"http://evil.example/{house.proxy.web}"):
        with pytest.raises(InvalidStatus) as refusal:
            async with knocking(house.proxy.web, path="/api/ws", origin=origin):
                pass
        assert refusal.value.response.status_code == 403, origin
