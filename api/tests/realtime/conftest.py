from collections.abc import AsyncGenerator

import msgspec
import pytest
from litestar import Litestar

from tests.realtime.listener import serving
from tracker.app import create_app
from tracker.settings import Settings


@pytest.fixture(scope="session")
async def address(app: Litestar) -> AsyncGenerator[str]:
    """Where the application of all tests answers by TCP."""
    async with serving(app) as address:
        yield address


@pytest.fixture
def spa_origin(app: Litestar, monkeypatch: pytest.MonkeyPatch) -> str:
    """An origin that the installation lets in."""
    settings = msgspec.structs.replace(app.state.settings, web_origins=("https://other.example", "http://spa.example/"))
    monkeypatch.setattr(app.state.live, "settings", settings)
    return "http://spa.example"


@pytest.fixture(scope="session")
async def twin(settings: Settings) -> AsyncGenerator[str]:
    """Where another replica on the same database and Redis answers."""
    app = create_app(settings)
    async with app.lifespan(), serving(app) as address:
        yield address
