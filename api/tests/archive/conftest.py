"""An installation with something in it, and an empty one elsewhere."""

import asyncio

import pytest

from tests.backup.conftest import elsewhere, folder, issues, other_cluster, run
from tracker.core.migrations import migrations
from tracker.settings import Settings

__all__ = ["elsewhere", "folder", "issues", "other_cluster", "run"]


@pytest.fixture
async def empty(elsewhere: Settings) -> Settings:
    """An empty installation."""
    await asyncio.to_thread(migrations(elsewhere).upgrade)
    return elsewhere
