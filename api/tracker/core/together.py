"""What several requests ask at the same time, asked once."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class Together(Generic[Key, Value]):
    """Gathers what is asked for in one turn of the event loop, and asks for all of it in one question.

    A busy process saves most of its questions by that. Each is asked after its request came, so that whatever was so
    before counts.
    """

    def __init__(self, ask: Callable[[Collection[Key]], Awaitable[Mapping[Key, Value]]]) -> None:
        self._ask = ask
        self._gathering: tuple[set[Key], asyncio.Task[Mapping[Key, Value]]] | None = None

    async def get(self, key: Key) -> Value | None:
        """The answer; None if there is none for this key."""
        if self._gathering is None:
            keys = set[Key]()
            self._gathering = keys, asyncio.create_task(self._ask_for(keys))
        keys, answer = self._gathering
        keys.add(key)
        # Whoever gives up must not take the others along.
        return (await asyncio.shield(answer)).get(key)

    async def _ask_for(self, keys: Collection[Key]) -> Mapping[Key, Value]:
        self._gathering = None
        return await self._ask(keys)
