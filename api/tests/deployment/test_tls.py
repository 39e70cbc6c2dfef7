"""The door that speaks TLS itself, with a certificate made for the test."""

import ssl
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from httpx import AsyncClient, ConnectError
from websockets.asyncio.client import connect

from tests.people import PASSWORD, Person, client_at
from tests.processes import serving_process
from tests.proxy import Proxy, needs_nginx, nginx, self_signed
from tests.realtime.listener import Listener
from tracker.settings import Settings

pytestmark = needs_nginx


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
async def door(settings: Settings, certificate: tuple[Path, Path]) -> AsyncGenerator[Proxy]:
    public, private = map(str, certificate)
    async with (
        serving_process(settings) as (_, address),
        nginx([address.removeprefix("http://")], TLS_CERTIFICATE=public, TLS_KEY=private) as proxy,
    ):
        yield proxy


@pytest.fixture
def trust(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate[0]))


@pytest.fixture
async def browser(door: Proxy, trust: ssl.SSLContext) -> AsyncGenerator[AsyncClient]:
    async with client_at(f"https://{door.tls}", verify=trust) as browser:
        yield browser


async def test_app_and_api_come_by_tls_and_say_to_stay_with_it(
    browser: AsyncClient, door: Proxy, trust: ssl.SSLContext
) -> None:
    async with client_at(f"https://{door.api}", verify=trust) as program:
        for answer in (
            await browser.get("/"),
            await browser.get("/api/schema/openapi.json"),
            await program.get("/schema/openapi.json"),
        ):
            assert answer.status_code == 200
            assert answer.headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"
        assert (await program.get("/metrics")).status_code == 404
        assert (await browser.get("/", headers={"Host": "evil.example"})).status_code == 421


async def test_plain_http_only_tells_to_come_by_https(door: Proxy) -> None:
    async with client_at(f"http://{door.web}") as client:
        for method, path in (("GET", "/issues/42?q=a%20b"), ("POST", "/api/users/token")):
            answer = await client.request(method, path)
            assert answer.status_code == 308
            assert answer.headers["location"] == f"https://127.0.0.1{path}"
            assert "set-cookie" not in answer.headers


async def test_the_refresh_cookie_is_for_tls_alone(browser: AsyncClient, reporter: Person, door: Proxy) -> None:
    credentials = {"email": reporter.email, "password": PASSWORD}
    own = {"Origin": f"https://{door.tls}", "Sec-Fetch-Site": "same-origin"}
    answer = await browser.post("/api/users/token", json=credentials, headers=own)
    assert "; Secure" in answer.headers["set-cookie"]
    assert (await browser.post("/api/users/token/refresh", headers=own)).status_code == 200


async def test_sockets_go_through_tls(door: Proxy, trust: ssl.SSLContext, reporter: Person) -> None:
    address = f"wss://{door.tls}/api/ws"
    async with connect(address, ssl=trust, proxy=None, origin=f"https://{door.tls}") as connection:  # pyright: ignore[reportArgumentType]
        listener = await Listener(connection).sign_in(reporter.token)
        await reporter.open_issue()
        await listener.events(1)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1], ids=lambda each: each.name)
async def test_what_was_tls_once_is_refused(door: Proxy, trust: ssl.SSLContext, version: ssl.TLSVersion) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    with pytest.warns(DeprecationWarning, match="deprecated"):
        old.minimum_version = old.maximum_version = version
    old.load_verify_locations(cadata=trust.get_ca_certs(binary_form=True)[0])
    old.set_ciphers("ALL:@SECLEVEL=0")
    async with client_at(f"https://{door.tls}", verify=old) as client:
        with pytest.raises(ConnectError):
            await client.get("/")
