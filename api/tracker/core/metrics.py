"""What one process tells Prometheus. There is one process a replica, so what it counts needs no sharing."""

from collections.abc import Callable
from importlib.metadata import version

from litestar.enums import HttpMethod
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.process_collector import ProcessCollector
from sqlalchemy.ext.asyncio import AsyncEngine

from tracker.core.database import WatchedPool

BUCKETS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
UNROUTED = "unrouted"
"""Stands for every address that is none of ours: strangers must not choose the names of time series."""
_METHODS = frozenset(HttpMethod)


class Metrics:
    """Counts as things happen, and looks the rest up when Prometheus asks."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._requests = Counter(
            "tracker_http_requests", "Answered requests.", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "tracker_http_request_duration_seconds",
            "How long requests took.",
            ["method", "route"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        # Looking children up by their labels takes longer than counting does.
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self.in_progress = 0
        self.look_up("tracker_http_requests_in_progress", "Requests being answered.", lambda: self.in_progress)
        self.feed_batches = Counter(
            "tracker_feed_batches", "Batches of events read for sockets.", registry=self.registry
        )
        self.socket_closes = Counter(
            "tracker_socket_closes", "Sockets that the tracker closed.", ["code"], registry=self.registry
        )
        self.rate_limited = Counter(
            "tracker_rate_limited", "Requests refused because of a rate limit.", ["limit"], registry=self.registry
        )
        build = Gauge("tracker_build_info", "What runs here.", ["version"], registry=self.registry)
        build.labels(version("issues-insights-tracker")).set(1)

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        key = (method, route, status)
        known = self._known.get(key)
        if known is None:
            method = method if method in _METHODS else "other"
            known = (self._requests.labels(method, route, status), self._seconds.labels(method, route))
            if method != "other":
                self._known[key] = known
        requests, duration = known
        requests.inc()
        duration.observe(seconds)

    def look_up(self, name: str, meaning: str, value: Callable[[], float]) -> None:
        Gauge(name, meaning, registry=self.registry).set_function(value)

    def watch_pool(self, engine: AsyncEngine) -> None:
        """Tells how many of the connections that requests share are in use, and how many wait for one."""

        def pool() -> WatchedPool:  # another one after each trouble with the database
            found = engine.pool
            if not isinstance(found, WatchedPool):
                raise TypeError(found)
            return found

        connections = Gauge(
            "tracker_db_pool_connections", "Connections to the database.", ["state"], registry=self.registry
        )
        connections.labels("in_use").set_function(lambda: pool().checkedout())
        connections.labels("idle").set_function(lambda: pool().checkedin())
        self.look_up("tracker_db_pool_waiting", "Requests that wait for a connection.", lambda: pool().waiting)
