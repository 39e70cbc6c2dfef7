"""What a replica tells Prometheus: one process by itself, or whichever of several is asked, for all of them."""

import os
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Literal, NamedTuple

from litestar.enums import HttpMethod
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess, values
from prometheus_client.process_collector import ProcessCollector
from sqlalchemy.ext.asyncio import AsyncEngine

from tracker.core.pool import FairPool

BUCKETS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
UNROUTED = "unrouted"
"""Stands for every address that is none of ours: strangers must not choose the names of time series."""
_METHODS = frozenset(HttpMethod)


class Share(NamedTuple):
    """Where the processes of a replica keep their figures, so that each of them can tell those of all."""

    directory: Path
    place: int
    """Which of the processes this is. Whoever comes in its place goes on with its counts."""


class Metrics:
    """Counts as things happen; the rest is looked up when Prometheus asks, and by `look` in between.

    Of a share there is one in a process, which has no other figures then.
    """

    def __init__(self, share: Share | None = None) -> None:
        self.registry = CollectorRegistry()
        self._share = share
        self._looked_up: list[Callable[[], None]] = []
        if share:
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(share.directory)
            values.ValueClass = values.MultiProcessValue(lambda: share.place)  # pyright: ignore[reportUnknownMemberType]
            self._looked_up.append(_OwnProcess(self.registry, share.place).look)
        else:
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
        build = Gauge(
            "tracker_build_info", "What runs here.", ["version"], registry=self.registry, multiprocess_mode="livemax"
        )
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

    def look_up(
        self, name: str, meaning: str, value: Callable[[], float], *, of_all: Literal["livesum", "livemax"] = "livesum"
    ) -> None:
        """Tells what `value` gives; of several processes the sum, or the largest."""
        gauge = Gauge(name, meaning, registry=self.registry, multiprocess_mode=of_all)
        self._looked_up.append(lambda: gauge.set(value()))

    def watch_pool(self, engine: AsyncEngine) -> None:
        """Tells how many of the connections that requests share are in use, and how many wait for one."""

        def pool() -> FairPool:  # another one after each trouble with the database
            found = engine.pool
            if not isinstance(found, FairPool):
                raise TypeError(found)
            return found

        connections = Gauge(
            "tracker_db_pool_connections",
            "Connections to the database.",
            ["state"],
            registry=self.registry,
            multiprocess_mode="livesum",
        )
        in_use, idle = connections.labels("in_use"), connections.labels("idle")
        self._looked_up.append(lambda: in_use.set(pool().checkedout()))
        self._looked_up.append(lambda: idle.set(pool().checkedin()))
        self.look_up("tracker_db_pool_waiting", "Requests that wait for a connection.", lambda: pool().turns.waiting)

    def look(self) -> None:
        """Looks up what nobody counts, for whoever is asked next."""
        for look in self._looked_up:
            look()

    def told(self) -> bytes:
        """All figures in Prometheus' text format; those of several processes are read from files."""
        if self._share is None:
            return generate_latest(self.registry)
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry, str(self._share.directory))
        return generate_latest(registry)


class _OwnProcess:
    """What `ProcessCollector` tells, of one process among several."""

    def __init__(self, registry: CollectorRegistry, place: int) -> None:
        self._registry = registry
        self._place = str(place)
        self._collector = ProcessCollector(registry=None)
        self._gauges: dict[str, Gauge] = {}
        self._seconds = 0.0
        self._processor_time = Counter(
            "process_cpu_seconds", "Total user and system CPU time spent in seconds.", ["process"], registry=registry
        )

    def look(self) -> None:
        for family in self._collector.collect():
            value = family.samples[0].value
            if family.type == "counter":
                self._processor_time.labels(self._place).inc(value - self._seconds)
                self._seconds = value
            else:
                self._gauge(family.name, family.documentation).labels(self._place).set(value)

    def _gauge(self, name: str, meaning: str) -> Gauge:
        if name not in self._gauges:
            self._gauges[name] = Gauge(name, meaning, ["process"], registry=self._registry, multiprocess_mode="livesum")
        return self._gauges[name]


def forget_gauges(share: Share) -> None:
    """Of a process that is no more; what it counted stays."""
    multiprocess.mark_process_dead(share.place, str(share.directory))  # pyright: ignore[reportUnknownMemberType]
