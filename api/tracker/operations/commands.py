"""`tracker doctor`."""

import asyncio
import os
import sys

import click

from tracker.attachments.storage import Storage
from tracker.core.clock import utc_now
from tracker.core.database import database_config, session_maker
from tracker.core.redis import redis_client
from tracker.operations.doctor import Doctor
from tracker.operations.schemas import CheckStatus, CheckView
from tracker.settings import Settings, SettingsError

COLOURS = {CheckStatus.OK: "green", CheckStatus.FAILING: "red", CheckStatus.UNUSED: "yellow"}


@click.command()
def doctor() -> None:
    """Look whether settings, databases, file store, scanner, clock and secrets are as they should be.

    Says what to do about what is not; then the exit status is 1.
    """
    try:
        settings = Settings.from_environment()
    except SettingsError as error:
        _show(CheckView(name="settings", status=CheckStatus.FAILING, milliseconds=0, detail=str(error)))
        sys.exit(1)
    found = asyncio.run(_examine(settings))
    for check in found:
        _show(check)
    if any(check.status is CheckStatus.FAILING for check in found):
        sys.exit(1)


async def _examine(settings: Settings) -> list[CheckView]:
    database = database_config(settings)
    redis = redis_client(settings.redis_url) if settings.redis_url else None
    sessions, storage = session_maker(database), Storage.of(settings)
    doctor = Doctor(settings, os.environ, sessions=sessions, redis=redis, storage=storage, clock=utc_now)
    try:
        return await doctor.examine()
    finally:
        if redis:
            await redis.aclose()
        await database.get_engine().dispose()


def _show(check: CheckView) -> None:
    click.echo(f"{click.style(f'{check.status:<8}', fg=COLOURS[check.status])} {check.name:<12} {check.detail}")
