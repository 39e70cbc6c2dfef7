"""Whether password hashing holds up anything else: the time that `/health/live` takes while many sign in.

One client asks for `/health/live` over one connection every few milliseconds, first alone, then while 20 others sign
in as fast as they are answered, half of them with a wrong password. Everything runs on this machine, so the load
itself takes processor time from what is measured.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import click
from argon2 import PasswordHasher
from httpx import AsyncClient, TransportError
from sqlalchemy import text

from tracker.core.database import database_config, session_maker
from tracker.core.migrations import migrations
from tracker.local import ephemeral
from tracker.local.stack import free_port
from tracker.settings import Settings

SECRET_KEY = "a secret for measuring, 32 bytes or more"  # noqa: S105  # of a database that is thrown away
PASSWORD = "correct horse"  # noqa: S105  # likewise
PAUSE_SECONDS = 0.005

_PEOPLE = text("""
    INSERT INTO users (email, full_name, role, password_hash)
    SELECT 'p' || n || '@example.com', 'Person ' || n, 'reporter', :password_hash FROM generate_series(1, :people) AS n
""")


async def fill(settings: Settings, people: int) -> None:
    database = database_config(settings, patient=True)
    password_hash = PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1).hash(PASSWORD)
    async with session_maker(database)() as session:
        await session.execute(_PEOPLE, {"people": people, "password_hash": password_hash})
        await session.commit()
    await database.get_engine().dispose()


@contextmanager
def api(environment: dict[str, str]) -> Generator[str]:
    """The API in a process of its own; gives its address."""
    port = free_port()
    command = [Path(sys.executable).parent / "tracker", "serve", "--port", str(port)]
    process = subprocess.Popen(command, env={**os.environ, **environment}, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(15)


async def until_ready(client: AsyncClient) -> None:
    while True:
        try:
            if (await client.get("/health/ready")).is_success:
                return
        except TransportError:
            pass
        await asyncio.sleep(0.1)


async def ask(client: AsyncClient, seconds: float) -> list[float]:
    """How long each of many `/health/live` took, in milliseconds."""
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while (started := time.perf_counter()) < end:
        (await client.get("/health/live")).raise_for_status()
        taken.append(1000 * (time.perf_counter() - started))
        await asyncio.sleep(PAUSE_SECONDS)
    return taken


async def sign_in(address: str, number: int, seconds: float) -> list[float]:
    """How long each of one person's sign-ins took, in milliseconds."""
    taken: list[float] = []
    end = time.perf_counter() + seconds
    async with AsyncClient(base_url=address, timeout=30, trust_env=False) as client:
        while (started := time.perf_counter()) < end:
            is_right = len(taken) % 2 == 0
            body = {"email": f"p{number}@example.com", "password": PASSWORD if is_right else "wrong horse"}
            answer = await client.post("/users/token", json=body)
            if answer.status_code != (200 if is_right else 401):
                raise click.ClickException(f"sign-in answered {answer.status_code}: {answer.text}")
            taken.append(1000 * (time.perf_counter() - started))
    return taken


def line(name: str, taken: list[float], seconds: float) -> str:
    cuts = statistics.quantiles(taken, n=100)
    return (
        f"{name:28} {len(taken) / seconds:8.1f}/s  p50 {cuts[49]:7.1f}  p99 {cuts[98]:7.1f}  max {max(taken):7.1f} ms"
    )


async def measure(address: str, people: int, seconds: float) -> None:
    async with AsyncClient(base_url=address, timeout=30, trust_env=False) as client:
        await until_ready(client)
        await ask(client, 1)  # warms everything up
        click.echo(line("/health/live alone", await ask(client, seconds), seconds))
        asking = asyncio.create_task(ask(client, seconds))
        signing_in = await asyncio.gather(*(sign_in(address, number + 1, seconds) for number in range(people)))
        click.echo(line(f"/health/live with {people} logins", await asking, seconds))
        click.echo(line("the logins", [taken for one in signing_in for taken in one], seconds))


@click.command()
@click.option("--people", default=20, show_default=True, help="How many sign in at once.")
@click.option("--seconds", default=10.0, show_default=True, help="How long each measurement takes.")
def main(people: int, seconds: float) -> None:
    """Measure /health/live while many people sign in."""
    with ephemeral() as databases:
        environment = {
            "DATABASE_URL": databases.database_url,
            "REDIS_URL": databases.redis_url,
            "SECRET_KEY": SECRET_KEY,
            "RATE_LIMITS": "off",
        }
        settings = Settings.from_environment(environment)
        migrations(settings).upgrade()
        asyncio.run(fill(settings, people))
        with api(environment) as address:
            asyncio.run(measure(address, people, seconds))


if __name__ == "__main__":
    main()
