"""The dashboard as it is answered: from the cache where possible."""

from collections.abc import Sequence
from hashlib import sha256

import msgspec
from litestar.serialization import encode_json
from sqlalchemy import ColumnElement, and_

from tracker.accounts.viewer import Viewer
from tracker.core.database import Sessions
from tracker.core.errors import Invalid
from tracker.issues.queries import read_queries
from tracker.query.past import all_at_once, issue_by_issue
from tracker.query.predicate import condition_of
from tracker.query.text import Way
from tracker.statistics.cache import FigureCache
from tracker.statistics.dashboard import Dashboard, Window, compute_dashboard
from tracker.statistics.generations import ALL, scope_of_reporter
from tracker.statistics.schemas import DashboardStats


class Figures:
    """Answers dashboards; all of the staff share one computation, each reporter has its own.

    Of a query everybody has their own.
    """

    def __init__(self, sessions: Sessions, cache: FigureCache) -> None:
        self._sessions = sessions
        self._cache = cache
        self._decoder = msgspec.json.Decoder(DashboardStats)

    async def dashboard(self, viewer: Viewer, window: Window, q: Sequence[str] = ()) -> DashboardStats:
        """Those of the issues that meet all queries.

        Raises:
            Invalid: a query makes no sense, or asks for the past.
        """
        condition = _condition(viewer, window, tuple(q))

        async def compute() -> bytes:
            return encode_json(await compute_dashboard(self._sessions, viewer, window, condition))

        async def compute_my_open() -> bytes:
            async with self._sessions() as session:
                return str(await Dashboard(session, viewer).my_open()).encode()

        variant = f"{window.days}:{window.zone.key}:{window.last}:{window.last_utc}"
        if condition is not None:
            # Two of the staff may mean different people by `@me`.
            variant = f"{variant}:{viewer.id}:{sha256(encode_json(q)).hexdigest()}"
        if condition is not None or not viewer.is_staff:
            scope = ALL if viewer.is_staff else scope_of_reporter(viewer.id)
            (figures,) = await self._cache.get(scope, {variant: compute})
            return self._decoder.decode(figures)
        wanted = {variant: compute, f"my_open:{viewer.id}": compute_my_open}
        figures, my_open = await self._cache.get(ALL, wanted)
        stats = self._decoder.decode(figures)
        stats.my_open = int(my_open)
        return stats


def _condition(viewer: Viewer, window: Window, q: tuple[str, ...]) -> ColumnElement[bool] | None:
    queries = read_queries(q, window.last)
    if any(query.as_of for query in queries):
        raise Invalid.field("q", "`as-of:` has no place here: the figures tell of the past by themselves.")
    # As in lists: what a reporter asks takes as long whatever others have written.
    way: Way = "freely" if viewer.is_staff else "row by row"
    look = all_at_once if viewer.is_staff else issue_by_issue
    conditions = [condition_of(query, viewer, window.zone, lambda _: way, look) for query in queries]
    return and_(*conditions) if conditions else None
