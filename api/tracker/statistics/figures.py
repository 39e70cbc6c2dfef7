"""The dashboard as it is answered: from the cache where possible."""

import msgspec
from litestar.serialization import encode_json

from tracker.accounts.viewer import Viewer
from tracker.core.database import Sessions
from tracker.statistics.cache import FigureCache
from tracker.statistics.dashboard import Dashboard, Window, compute_dashboard
from tracker.statistics.generations import ALL, scope_of_reporter
from tracker.statistics.schemas import DashboardStats


class Figures:
    """Answers dashboards; all of the staff share one computation, each reporter has its own."""

    def __init__(self, sessions: Sessions, cache: FigureCache) -> None:
        self._sessions = sessions
        self._cache = cache
        self._decoder = msgspec.json.Decoder(DashboardStats)

    async def dashboard(self, viewer: Viewer, window: Window) -> DashboardStats:
        async def compute() -> bytes:
            return encode_json(await compute_dashboard(self._sessions, viewer, window))

        async def compute_my_open() -> bytes:
            async with self._sessions() as session:
                return str(await Dashboard(session, viewer).my_open()).encode()

        variant = f"{window.days}:{window.zone.key}:{window.last}:{window.last_utc}"
        if not viewer.is_staff:
            (figures,) = await self._cache.get(scope_of_reporter(viewer.id), {variant: compute})
            return self._decoder.decode(figures)
        wanted = {variant: compute, f"my_open:{viewer.id}": compute_my_open}
        figures, my_open = await self._cache.get(ALL, wanted)
        stats = self._decoder.decode(figures)
        stats.my_open = int(my_open)
        return stats
