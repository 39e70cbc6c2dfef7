"""argon2id: off the event loop, never many at once, and after everybody else."""

import asyncio
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tracker.core.errors import Unavailable

MIN_LENGTH, MAX_LENGTH = 8, 128
# Of 46 MiB each. In a container with a share of the processor, cpu_count tells the cores of the whole machine.
AT_ONCE = min(4, os.cpu_count() or 1)
MOST_WAITING = 50 * AT_ONCE
"""Some seconds of work. Whoever comes then is sent away at once, rather than after the proxy's patience has ended."""

T = TypeVar("T")


class Passwords:
    """Hashes and checks passwords with OWASP's first recommendation (46 MiB, one pass, one lane).

    All methods raise `Unavailable` when too many wait already.
    """

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1)
        self._threads = ThreadPoolExecutor(AT_ONCE, "argon2", initializer=_give_way)
        self._nobodys_hash = self._hasher.hash(os.urandom(16).hex())
        self._waiting = 0

    async def hash(self, password: str) -> str:
        return await self._run(self._hasher.hash, password)

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether it is the password; takes the same time when there is no account (`stored` is None)."""
        matches = await self._run(self._matches, stored or self._nobodys_hash, password)
        return matches and stored is not None

    def needs_rehash(self, stored: str) -> bool:
        """Whether it was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(stored)

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[..., T], *arguments: str) -> T:
        if self._waiting >= MOST_WAITING:
            raise Unavailable("Too many people are signing in at this moment. Try again in a moment.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        finally:
            self._waiting -= 1


def _give_way() -> None:
    """Lets the event loop go first when all cores are hashing. Only on Linux is niceness a thread's own."""
    if sys.platform == "linux":
        os.nice(10)
