"""The web app as it is built, through the door: what its policy lets run is what it is made of."""

import base64
import hashlib
import os
import re
from collections.abc import AsyncGenerator

import pytest
from httpx import AsyncClient

from tests.people import client_at
from tests.proxy import needs_nginx, nginx
from tracker.local.stack import REPOSITORY

BUILT = REPOSITORY / "web" / "build"
pytestmark = [
    needs_nginx,
    pytest.mark.skipif(
        not (BUILT / "index.html").exists() and "CI" not in os.environ, reason="the web app is not built"
    ),
]
TYPES = {"js": "application/javascript", "css": "text/css", "svg": "image/svg+xml", "json": "application/json"}


@pytest.fixture
async def browser() -> AsyncGenerator[AsyncClient]:
    async with (
        nginx(["127.0.0.1:9"], root=BUILT) as proxy,
        client_at(f"http://{proxy.web}") as browser,
    ):
        yield browser


def policy_in(page: str) -> dict[str, set[str]]:
    """The directives of the policy that the page itself holds."""
    (text,) = re.findall(r'<meta http-equiv="content-security-policy" content="([^"]*)"', page)
    directives = [part.split() for part in text.split(";") if part.strip()]
    return {name: {*values} for name, *values in directives}


async def test_every_script_of_the_page_is_one_that_its_policy_lets_run(browser: AsyncClient) -> None:
    answer = await browser.get("/issues/42")
    policy = policy_in(answer.text)
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", answer.text, re.DOTALL)
    assert scripts
    for attributes, text in scripts:
        if "src=" not in attributes:
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in policy["script-src"]
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "https:", "data:"} & policy["script-src"]
    assert policy["require-trusted-types-for"] == {"'script'"}
    assert not re.search(r"<[^>]*\son\w+=", answer.text)
    # A second policy in the header counts as well, and must not take away what the first one lets run.
    header = answer.headers["content-security-policy"]
    assert "script-src" not in header
    assert "default-src" not in header
    assert "trusted-types" not in header


async def test_all_that_the_page_begins_with_is_there_of_the_right_type_and_kept(browser: AsyncClient) -> None:
    page = (await browser.get("/")).text
    names = {name.lstrip(".") for name in re.findall(r"""["'](\.?/_app/immutable/[^"']+)["']""", page)}
    assert names
    for name in names:
        answer = await browser.get(name)
        assert answer.status_code == 200, name
        assert answer.headers["content-type"].split(";")[0] == TYPES[name.rpartition(".")[2]], name
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "immutable" in answer.headers["cache-control"], name
