"""A whole installation as strangers meet it: nginx before two replicas, and all that any of them writes into a log."""

import json
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from httpx import AsyncClient, AsyncHTTPTransport

from tests.conftest import SECRET_KEY
from tests.people import PASSWORD, Person
from tests.processes import environment_of, running_process, serving_process
from tests.proxy import Proxy, nginx
from tracker.settings import Settings

CANARY = "c4n4ry"
"""Stands in everything that must be in no log: passwords, tokens, texts, names of files, query strings."""

RATES = {
    "SIGN_IN_ACCOUNT": "6/3600",
    "SIGN_IN_ADDRESS": "12/3600",
    "SIGN_IN": "20/3600",
    "PASSWORD_CHANGE": "4/3600",
    "REGISTRATION_ADDRESS": "4/3600",
    "SOCKETS": "60/3600",
}
"""A test reaches them, and they refill by next to nothing meanwhile."""


@dataclass(frozen=True, slots=True)
class Installation:
    """Where it answers, and where it logs."""

    proxy: Proxy
    replicas: Sequence[str]
    """Addresses of the API behind the proxy, where nobody from outside gets to."""
    processes: Sequence[psutil.Process]
    """Those of the replicas."""
    logs: Path
    secrets: set[str] = field(default_factory=lambda: {CANARY, PASSWORD, SECRET_KEY, "eyJ"})
    """What no log may hold; the last is how every JWT begins."""

    def at_the_door(self, *, address: str | None = None, **options: Any) -> AsyncClient:
        """Somebody outside, if it matters from which address."""
        transport = AsyncHTTPTransport(local_address=address)
        return AsyncClient(transport=transport, base_url=f"http://{self.proxy.web}/api", timeout=30, **options)

    def before_the_door(self, person: Person) -> Person:
        """The same person, outside."""
        outside = Person(AsyncHTTPTransport(), person.id, person.name, person.role, person.email)
        outside.base_url = f"http://{self.proxy.web}/api"
        outside.timeout = 30
        outside.sign_in_with(person.token)
        return outside

    def worked(self) -> float:
        """Seconds of processor time that the replicas have spent until now."""
        return sum(times.user + times.system for times in (each.cpu_times() for each in self.processes))

    def requests(self) -> list[dict[str, Any]]:
        """What nginx has answered until now."""
        return [json.loads(line) for line in (self.proxy.log / "access.log").read_text().splitlines()]

    def reached(self) -> list[dict[str, Any]]:
        """What the replicas have answered until now, as their logs tell."""
        return [entry for log in self.entries().values() for entry in log if entry["message"] == "request"]

    def entries(self) -> dict[str, list[dict[str, Any]]]:
        """What replicas and worker have logged until now, each by itself."""
        logs = self.logs.glob("*.log")
        return {log.name: [json.loads(line) for line in log.read_text().splitlines()] for log in logs}

    def everything_logged(self) -> str:
        logs = [*self.logs.glob("*.log"), *self.proxy.log.glob("*.log")]
        return "\n".join(log.read_text(errors="replace") for log in logs)


@asynccontextmanager
async def installation(settings: Settings) -> AsyncGenerator[Installation]:
    """With a worker, and limits that a test can reach."""
    environment = environment_of(settings) | {f"RATE_LIMIT_{name}": rate for name, rate in RATES.items()}
    async with AsyncExitStack() as running:
        logs = Path(running.enter_context(tempfile.TemporaryDirectory()))
        replicas: list[str] = []
        processes: list[psutil.Process] = []
        for number in range(2):
            log = running.enter_context((logs / f"api-{number}.log").open("wb"))
            serving = serving_process(settings, log=log, environment=environment)
            process, address = await running.enter_async_context(serving)
            replicas.append(address.removeprefix("http://"))
            processes.append(psutil.Process(process.pid))
        log = running.enter_context((logs / "worker.log").open("wb"))
        await running.enter_async_context(running_process("worker", environment=environment, log=log))
        proxy = await running.enter_async_context(nginx(replicas, CONNECTIONS_BY_ADDRESS="60"))
        yield Installation(proxy, replicas, processes, logs)
