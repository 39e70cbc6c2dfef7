"""Swagger UI and the addresses of the OpenAPI document. That the page works is for a browser to see: see web/tests."""

import re

import pytest
from httpx import AsyncClient

from tests.people import accepted, refused


@pytest.mark.parametrize("prefix", ["", "/api"])
@pytest.mark.parametrize("address", ["/schema", "/schema/", "/docs", "/docs/"])
async def test_the_page_finds_its_parts_behind_any_prefix(prefix: str, address: str, client: AsyncClient) -> None:
    page = await client.get(address)
    shown_at = client.base_url.join(prefix + address)
    while page.is_redirect:
        shown_at = shown_at.join(page.headers["location"])
        page = await client.get(shown_at.path.removeprefix(prefix))
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    parts = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(parts) == 4
    for part in parts:
        part_at = shown_at.join(part)
        assert part_at.path.startswith(f"{prefix}/schema/assets/")
        assert (await client.get(part_at.path.removeprefix(prefix))).status_code == 200


@pytest.mark.parametrize("address", ["/openapi.json", "/openapi.json/", "/schema/openapi.json"])
async def test_the_document_has_two_addresses(address: str, client: AsyncClient) -> None:
    response = await client.get(address, follow_redirects=True)
    assert response.url.path == "/schema/openapi.json"
    assert accepted(response)["openapi"].startswith("3.1")


async def test_nothing_on_the_page_comes_from_elsewhere(client: AsyncClient) -> None:
    page = await client.get("/schema")
    assert "//" not in page.text.replace("<!doctype html>", "")
    assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("name", ["../../pyproject.toml", "%2e%2e%2f__init__.py", "swagger-ui.js", "start.js.map"])
async def test_only_the_parts_of_the_page_are_served(name: str, client: AsyncClient) -> None:
    refused(await client.get(f"/schema/assets/{name}"), 404)
