"""The proxy before two replicas, as strangers meet it."""

import asyncio
import gzip
import json
import signal
import tempfile
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient, Response

from tests.people import Person, client_at
from tests.processes import serving_process
from tests.proxy import Proxy, needs_nginx, nginx
from tests.realtime.listener import listening
from tests.realtime.replicas import Replica
from tracker.settings import Settings

pytestmark = needs_nginx

INDEX = "<!doctype html><title>the web app</title>" + " " * 2000
ON_EVERY_ANSWER = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


@pytest.fixture(scope="module")
def web_root() -> Generator[Path]:
    # Not in pytest's own folder, which nginx' workers may not enter when root starts them.
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        (root / "_app" / "immutable").mkdir(parents=True)
        (root / "_app" / "immutable" / "start.js").write_text("let it = 'start';" * 200)
        (root / "_app" / "immutable" / "start.js.gz").write_bytes(gzip.compress(b"let it = 'start';" * 200))
        (root / "index.html").write_text(INDEX)
        yield root


@pytest.fixture(scope="module")
async def proxy(settings: Settings, web_root: Path) -> AsyncGenerator[Proxy]:
    async with AsyncExitStack() as running:
        replicas = [await running.enter_async_context(serving_process(settings)) for _ in range(2)]
        addresses = [address.removeprefix("http://") for _, address in replicas]
        yield await running.enter_async_context(
            nginx(addresses, root=web_root, SERVER_NAMES="127.0.0.1 tracker.example", TRUSTED_PROXIES="127.0.0.9")
        )


@pytest.fixture
async def browser(proxy: Proxy) -> AsyncGenerator[AsyncClient]:
    async with client_at(f"http://{proxy.web}") as client:
        yield client


def refused_by_nginx(answer: Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert set(problem) == {"type", "title", "status", "detail", "request_id"}
    assert problem["status"] == status
    assert problem["request_id"] == answer.headers["x-request-id"]
    is_guarded(answer)
    return problem


def is_guarded(answer: Response) -> None:
    for name, value in ON_EVERY_ANSWER.items():
        assert answer.headers.get_list(name) == [value], name
    assert len(answer.headers.get_list("content-security-policy")) == 1
    assert "server" not in answer.headers or answer.headers["server"] == "nginx"


@pytest.mark.parametrize("path", ["/", "/issues", "/issues/42", "/login?next=/board", "/admin/people"])
async def test_every_page_is_the_app_and_asked_for_anew(browser: AsyncClient, path: str) -> None:
    answer = await browser.get(path)
    assert answer.text == INDEX
    assert answer.headers["cache-control"] == "no-cache"
    policy = answer.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    assert "default-src" not in policy
    is_guarded(answer)


async def test_what_has_its_hash_in_its_name_is_kept_for_ever_and_comes_compressed(browser: AsyncClient) -> None:
    answer = await browser.get("/_app/immutable/start.js")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    refused_by_nginx(await browser.get("/_app/immutable/gone.js"), 404)


async def test_the_api_answers_under_its_prefix_and_on_its_own_port(
    browser: AsyncClient, proxy: Proxy, maintainer: Person
) -> None:
    issue = await maintainer.open_issue()
    headers = {"Authorization": maintainer.headers["Authorization"]}
    async with client_at(f"http://{proxy.api}") as program:
        for client, prefix in ((browser, "/api"), (program, "")):
            for path in (
                f"/issues/{issue['id']}",
                f"/issues/{issue['id']}/",
                "/issues",
                "/issues/?q=login",
                "/users/me",
            ):
                answer = await client.get(prefix + path, headers=headers)
                assert answer.status_code == 200, path
                is_guarded(answer)
            assert (await client.get(f"{prefix}/schema/")).status_code == 200


async def test_an_issue_is_changed_by_the_compressed_answers_entity_tag(
    browser: AsyncClient, maintainer: Person
) -> None:
    issue = await maintainer.open_issue(description="long " * 1000)
    headers = {"Authorization": maintainer.headers["Authorization"]}
    path = f"/api/issues/{issue['id']}"
    read = await browser.get(path, headers=headers)
    assert read.headers["content-encoding"] == "gzip"
    headers |= {"If-Match": read.headers["etag"]}
    assert (await browser.patch(path, json={"title": "Changed"}, headers=headers)).status_code == 200
    assert (await browser.patch(path, json={"title": "Again"}, headers=headers)).status_code == 412


@pytest.mark.parametrize(
    "path",
    [
        "/health/live",
        "/health/ready",
        "/health",
        "/metrics",
        "/%68ealth/live",
        "/x/../metrics",
        "//metrics",
        "/./health/",
    ],
)
async def test_health_and_metrics_stay_inside(proxy: Proxy, path: str) -> None:
    for address, prefix in ((proxy.web, "/api"), (proxy.api, "")):
        host, port = address.split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"GET {prefix}{path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        assert answer.startswith(b"HTTP/1.1 404 ")
        assert b"application/problem+json" in answer


async def test_unknown_hosts_are_misdirected(proxy: Proxy) -> None:
    for address in (proxy.web, proxy.api):
        async with client_at(f"http://{address}") as client:
            refused_by_nginx(await client.get("/", headers={"Host": "evil.example"}), 421)
            refused_by_nginx(await client.get("/api/users/me", headers={"Host": "10.0.0.1"}), 421)


async def test_bodies_have_their_limits(browser: AsyncClient, maintainer: Person) -> None:
    headers = {"Authorization": maintainer.headers["Authorization"]}
    refused_by_nginx(await browser.post("/api/users/token", content=b"x" * 300_000), 413)
    refused_by_nginx(await browser.post("/api/issues", content=b"x" * 9_000_000, headers=headers), 413)
    large = {"title": "Large", "description": '"' * 2_000_000}
    for path in ("/api/issues", "/api/issues/"):
        assert (await browser.post(path, json=large, headers=headers)).status_code == 201


async def test_headers_and_addresses_have_their_limits(browser: AsyncClient) -> None:
    refused_by_nginx(await browser.get("/", headers={"X-Long": "x" * 40_000}), 431)
    refused_by_nginx(await browser.get("/" + "x" * 40_000), 414)
    refused_by_nginx(await browser.post("/issues/42"), 405)


async def test_what_clients_say_of_their_address_is_not_believed(
    browser: AsyncClient, proxy: Proxy, reporter: Person
) -> None:
    forged = {
        "X-Forwarded-For": "203.0.113.7",
        "X-Real-IP": "203.0.113.7",
        "Forwarded": "for=203.0.113.7;proto=https",
        "X-Forwarded-Proto": "https",
        "X-Request-Id": "chosen-by-the-client",
    }
    body = {"email": reporter.email, "password": "correct horse"}
    answer = await browser.post("/api/users/token", json=body, headers=forged)
    assert answer.status_code == 200
    assert "secure" not in answer.headers["set-cookie"].lower()
    assert "strict-transport-security" not in answer.headers
    assert answer.headers["x-request-id"] != "chosen-by-the-client"
    sessions = await reporter.get("/users/me/sessions")
    assert "203.0.113.7" not in sessions.text
    entries = [json.loads(line) for line in (proxy.log / "access.log").read_text().splitlines()]
    assert entries[-1]["address"] == "127.0.0.1"


async def test_a_trusted_load_balancer_is_believed(settings: Settings, proxy: Proxy, reporter: Person) -> None:
    async with (
        serving_process(settings) as (_, address),
        nginx([address.removeprefix("http://")], TRUSTED_PROXIES="10.0.0.0/8,127.0.0.1") as behind,
        client_at(f"http://{behind.web}") as client,
    ):
        answer = await client.post(
            "/api/users/token",
            json={"email": reporter.email, "password": "correct horse"},
            headers={"X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"},
        )
        assert "secure" in answer.headers["set-cookie"].lower()
        assert answer.headers["strict-transport-security"]
        assert "203.0.113.7" in (await reporter.get("/users/me/sessions")).text


async def test_a_socket_goes_through(proxy: Proxy, maintainer: Person) -> None:
    for address, path in ((proxy.web, "/api/ws"), (proxy.api, "/ws")):
        async with listening(address, maintainer.token, path=path, origin=f"http://{address}") as listener:
            issue = await maintainer.open_issue()
            await listener.events(1)
            assert issue["id"] in listener.issues


async def test_without_the_api_there_is_a_problem_document_and_the_app_still_comes() -> None:
    async with nginx(["127.0.0.1:9"]) as proxy, client_at(f"http://{proxy.web}") as client:
        answer = await client.get("/api/issues")
        refused_by_nginx(answer, 502)
        assert answer.headers["retry-after"] == "1"
        assert (await client.get("/")).status_code == 200


async def test_a_rolling_restart_loses_no_write(settings: Settings, maintainer: Person) -> None:
    """One round of it, as writes must not be sent twice and are therefore the hard part; `make test-chaos` does more."""
    replicas = [Replica(settings), Replica(settings)]
    statuses: list[int] = []
    stop = asyncio.Event()
    try:
        for replica in replicas:
            await replica.start()
        async with (
            nginx([each.address for each in replicas]) as proxy,
            client_at(f"http://{proxy.web}/api") as client,
        ):
            headers = {"Authorization": maintainer.headers["Authorization"]}

            async def write() -> None:
                while not stop.is_set():
                    answer = await client.post("/issues/", json={"title": "Not lost"}, headers=headers)
                    statuses.append(answer.status_code)

            async with asyncio.TaskGroup() as group:
                for _ in range(6):
                    group.create_task(write())
                for replica in replicas:
                    await replica.end(signal.SIGTERM)
                    await replica.start()
                stop.set()
            assert set(statuses) == {201}
        page = (await maintainer.get("/issues/")).json()
        assert page["total"] == len(statuses) > 50
    finally:
        for replica in replicas:
            await replica.end(signal.SIGKILL)
