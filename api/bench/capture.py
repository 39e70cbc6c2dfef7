"""What the API sends to the database for a request: for counting, for the floor to replay, for `EXPLAIN`."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from litestar import Litestar
from sqlalchemy import event

from bench.floor import Sample

Statement = tuple[str, tuple[Any, ...]]


class Capture:
    """Collects the statements of an application in this process."""

    def __init__(self) -> None:
        self.statements: list[Statement] = []
        self.seconds = 0.0
        self._started = 0.0

    def before(self, _: Any, __: Any, statement: str, arguments: Any, *___: Any) -> None:
        self.statements.append((statement, tuple(arguments)))
        self._started = time.perf_counter()

    def after(self, *_: Any) -> None:
        self.seconds += time.perf_counter() - self._started

    @property
    def sample(self) -> Sample:
        return Sample(tuple(self.statements), 1000 * self.seconds)


@contextmanager
def captured(app: Litestar) -> Generator[Capture]:
    engine = app.state.sessions.kw["bind"].sync_engine
    capture = Capture()
    event.listen(engine, "before_cursor_execute", capture.before)
    event.listen(engine, "after_cursor_execute", capture.after)
    try:
        yield capture
    finally:
        event.remove(engine, "before_cursor_execute", capture.before)
        event.remove(engine, "after_cursor_execute", capture.after)
