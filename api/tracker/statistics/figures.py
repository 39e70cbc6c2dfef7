"""The dashboard as it is answered: from the cache where possible."""

import asyncio
from collections.abc import Sequence
from functools import partial
from hashlib import sha256

import msgspec
from litestar.serialization import encode_json
from sqlalchemy import ColumnElement, and_

from tracker.accounts.viewer import Viewer
from tracker.core.database import STATEMENT_SECONDS, Sessions
from tracker.core.errors import Invalid, Unavailable
from tracker.core.pool import Turns
from tracker.issues.queries import names_asker, read_queries
from tracker.query.ast import Query
from tracker.query.past import all_at_once, issue_by_issue
from tracker.query.predicate import condition_of
from tracker.query.text import Way
from tracker.statistics.cache import FigureCache
from tracker.statistics.dashboard import Computed, compute_dashboard
from tracker.statistics.generations import ALL, scope_of_reporter
from tracker.statistics.schemas import DashboardStats
from tracker.statistics.window import Window

AT_ONCE = 2
"""So many queries are counted at once in a process, each of which may take a connection for seconds."""


class Figures:
    """Answers dashboards; all of the staff share one computation, each reporter has its own."""

    def __init__(self, sessions: Sessions, cache: FigureCache) -> None:
        self._sessions = sessions
        self._cache = cache
        self._decoder = msgspec.json.Decoder(Computed)
        self._turns = Turns(AT_ONCE)

    async def dashboard(self, viewer: Viewer, window: Window, q: Sequence[str] = ()) -> DashboardStats:
        """Those of the issues that meet all queries.

        Raises:
            Invalid: a query makes no sense, or asks for the past.
            Unavailable: others have so many queries counted that this one is not begun.
        """
        queries = [query for query in _read(window, tuple(q)) if query.root]
        variant = f"{window.days}:{window.zone.key}:{window.last}:{window.last_utc}"
        if queries:
            variant = f"{variant}:{sha256(encode_json(q)).hexdigest()}"
        if any(map(names_asker, queries)):
            variant = f"{variant}:{viewer.id}"
        compute = partial(self._compute, viewer, window, queries)
        scope = ALL if viewer.is_staff else scope_of_reporter(viewer.id)
        return self._decoder.decode(await self._cache.get(scope, variant, compute)).of(viewer)

    async def _compute(self, viewer: Viewer, window: Window, queries: Sequence[Query]) -> bytes:
        if not queries:
            return encode_json(await compute_dashboard(self._sessions, viewer, window))
        try:
            async with asyncio.timeout(STATEMENT_SECONDS):
                await self._turns.take()
        except TimeoutError:
            raise Unavailable("Too many figures are being counted. Try again in a moment.") from None
        try:
            condition = _condition(viewer, window, queries)
            return encode_json(await compute_dashboard(self._sessions, viewer, window, condition))
        finally:
            self._turns.give()


def _read(window: Window, q: tuple[str, ...]) -> Sequence[Query]:
    queries = read_queries(q, window.last)
    if any(query.as_of for query in queries):
        raise Invalid.field("q", "`as-of:` has no place here: the figures tell of the past by themselves.")
    return queries


def _condition(viewer: Viewer, window: Window, queries: Sequence[Query]) -> ColumnElement[bool]:
    # As in lists: what a reporter asks takes as long whatever others have written.
    way: Way = "freely" if viewer.is_staff else "row by row"
    look = all_at_once if viewer.is_staff else issue_by_issue
    return and_(*(condition_of(query, viewer, window.zone, lambda _: way, look) for query in queries))
