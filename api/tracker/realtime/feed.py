"""Reads the event log once for all sockets of the process."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from random import uniform
from time import monotonic
from typing import Any
from uuid import UUID

import msgspec
from litestar.serialization import encode_json
from sqlalchemy import ColumnElement, Row, Text, and_, bindparam, cast, false, func, null, select

from tracker.accounts.viewer import Viewer
from tracker.core.database import Sessions
from tracker.events.cursor import Position, is_ahead, scope_of
from tracker.events.window import between, is_too_much, since
from tracker.issues.visibility import mask_duplicate, may_see
from tracker.models import Event, Installation
from tracker.realtime.log import event_of, select_events_for_all, with_purged
from tracker.realtime.schemas import EventView

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0
"""So late are events at most while no doorbell is heard."""
GATHER_SECONDS = 0.005
"""Waited after the doorbell, so that a burst is one batch; not after a batch, which has been as good a wait."""
BYTES_A_SECOND = 100_000_000
"""What all listeners together are taken to read."""
LONGEST_REST_SECONDS = 1.0
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.1, 2.0
EVENTS_A_PAGE = 200
BATCH_BYTES = 128 * 1024


# Built once: that takes longer than to run them.
_HERE = (
    cast(func.pg_current_snapshot(), Text).label("now"),
    select(Installation.id).scalar_subquery().label("installation"),
)
_NO_EVENTS = select(*_HERE, false().label("purged"), null().label("event_id"))
_SEEN: ColumnElement[str] = bindparam("seen", type_=Text)
_UNTIL: ColumnElement[str] = bindparam("until", type_=Text)
_NEW, _MORE = since(_SEEN), and_(between(_SEEN, _UNTIL), Event.id > bindparam("after_id"))
_NEW_EVENTS = with_purged(select_events_for_all(_NEW, EVENTS_A_PAGE + 1), _NEW, *_HERE)
_MORE_EVENTS = with_purged(select_events_for_all(_MORE, EVENTS_A_PAGE + 1), _MORE, *_HERE)
_IS_TOO_MUCH = select(is_too_much(between(_SEEN, _UNTIL)))


class Place(msgspec.Struct, frozen=True):
    """A position in the log, whoever reads it."""

    installation: UUID
    seen: str
    until: str | None = None
    after_id: int = 0

    def of(self, viewer: Viewer, *, issued_at: int) -> Position:
        return Position(self.installation, viewer.id, scope_of(viewer), issued_at, self.seen, self.until, self.after_id)


class LiveEvent:
    """An event for delivery, encoded once for staff and once for the issue's reporter."""

    def __init__(self, row: Row[Any]) -> None:
        view = event_of(row)
        self.id = view.id
        self.reporter_id: int = row.reporter_id
        self.for_staff = encode_json(view)
        self.for_reporter = self._masked(view, row.own_originals) if row.own_originals is not None else self.for_staff

    def seen_by(self, viewer: Viewer) -> bytes | None:
        if not may_see(viewer, reporter_id=self.reporter_id):
            return None
        return self.for_staff if viewer.is_staff else self.for_reporter

    @staticmethod
    def _masked(view: EventView, own_originals: Sequence[int]) -> bytes:
        mask_duplicate(view.changes, own_originals)
        if view.issue and view.issue.duplicate_of not in own_originals:
            view.issue.duplicate_of = None
        return encode_json(view)


class Batch:
    """Events that became visible together, and the place after them."""

    def __init__(self, events: Sequence[LiveEvent], place: Place) -> None:
        self.place = place
        self._events = events
        self._texts: dict[int | None, bytes] = {}

    @property
    def reporter_ids(self) -> set[int]:
        """Whose issues the events are about."""
        return {event.reporter_id for event in self._events}

    def text_for(self, viewer: Viewer) -> bytes:
        """The events that the viewer may see, as JSON without the brackets."""
        audience = None if viewer.is_staff else viewer.id
        text = self._texts.get(audience)
        if text is None:
            told = (event.seen_by(viewer) for event in self._events)
            text = self._texts[audience] = b",".join(filter(None, told))
        return text


def _after(here: Place, until: str, event_id: int) -> Place:
    """The place after one of the events that came between a place and a snapshot."""
    return msgspec.structs.replace(here, until=until, after_id=event_id)


class Feed:
    """Follows the log: woken by the doorbell, or else once a second; survives whatever the database does.

    Args:
        sessions: in autocommit, and best with a connection of their own.
        listeners: for how many there is to read.
        deliver: gets every batch, also those without events that only lead on to another place.
        reset: is told when what happened can't be told event by event.
    """

    def __init__(
        self,
        sessions: Sessions,
        *,
        listeners: Callable[[], int],
        deliver: Callable[[Batch], Awaitable[None]],
        reset: Callable[[Place], None],
    ) -> None:
        self._sessions = sessions
        self._listeners = listeners
        self._deliver = deliver
        self._reset = reset
        self._bell = asyncio.Event()
        self._joining: list[Callable[[Place], None]] = []
        self.place: Place | None = None
        """Everything before it was delivered; None while nobody listens."""
        self.caught_up_at = monotonic()
        self.delivered = 0
        self._to_read = 0.0

    @property
    def lag_seconds(self) -> float:
        """How long ago the feed was last known to have delivered everything."""
        return monotonic() - self.caught_up_at

    def wake(self) -> None:
        self._bell.set()

    def join(self, attach: Callable[[Place], None]) -> None:
        """Calls back, between two batches, with a place that is not before anything committed until now.

        What comes after the place will be delivered, nothing else will be.
        """
        self._joining.append(attach)
        self.wake()

    async def run(self) -> None:
        wait = FIRST_WAIT_SECONDS
        while True:
            if not self._bell.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._bell.wait()
                    await asyncio.sleep(GATHER_SECONDS)
            self._bell.clear()
            try:
                await self._catch_up()
                await self._rest()
                wait = FIRST_WAIT_SECONDS
            except Exception as error:  # noqa: BLE001  # whatever it is, the next look may work again
                logger.warning("the feed can't read the log", extra={"error": type(error).__name__})
                await asyncio.sleep(wait * uniform(0.5, 1))  # noqa: S311  # spreads the replicas, guards nothing
                wait = min(wait * 2, LONGEST_WAIT_SECONDS)
                self.wake()

    async def _catch_up(self) -> None:
        """Delivers everything that is visible now."""
        if not self._joining and not self._listeners():
            self.place, self.caught_up_at = None, monotonic()
            return
        joining, self._joining = self._joining, []
        try:
            while await self._read_page():
                await self._rest()
        except BaseException:
            self._joining = joining + self._joining
            raise
        self.caught_up_at = monotonic()
        for attach in joining:
            attach(self._require_place())

    async def _read_page(self) -> bool:
        """Delivers the next page of events; returns whether there is more."""
        rows = await self._rows(self.place)
        installation, now = rows[0].installation, rows[0].now
        here = self.place
        end = Place(installation, now)
        if here is None:
            self.place = end
            return False
        if here.installation != installation or is_ahead(here.seen, now) or rows[0].purged:
            return self._begin_anew(end)
        until = here.until or now
        has_more, rows = len(rows) > EVENTS_A_PAGE, rows[:EVENTS_A_PAGE]
        if has_more and here.until is None and await self._is_too_much(here.seen, until):
            return self._begin_anew(end)
        after = _after(here, until, rows[-1].event_id) if has_more else Place(installation, until)
        await self._deliver_page([LiveEvent(row) for row in rows if row.id is not None], here, after)
        return after != end

    def _begin_anew(self, place: Place) -> bool:
        self.place = place
        self._reset(place)
        return False

    async def _deliver_page(self, events: list[LiveEvent], here: Place, after: Place) -> None:
        """In batches of a size that a slow client can take."""
        start, size = 0, 0
        for number, event in enumerate(events, 1):
            size += len(event.for_staff)
            if size >= BATCH_BYTES and number < len(events):
                await self._deliver_batch(events[start:number], _after(here, after.until or after.seen, event.id))
                start, size = number, 0
        if events or after != here:
            await self._deliver_batch(events[start:], after)

    async def _deliver_batch(self, events: list[LiveEvent], place: Place) -> None:
        start = monotonic()
        await self._deliver(Batch(events, place))
        self.place = place
        self.delivered += len(events)
        size = sum(len(event.for_staff) for event in events) * self._listeners()
        self._to_read += size / BYTES_A_SECOND - (monotonic() - start)

    async def _rest(self) -> None:
        """After a large batch, leaves the processor to those who have to read it; what happens meanwhile goes out together."""
        to_read, self._to_read = self._to_read, 0.0
        await asyncio.sleep(min(max(to_read, 0), LONGEST_REST_SECONDS))

    async def _rows(self, place: Place | None) -> Sequence[Row[Any]]:
        async with self._sessions() as session:
            if place is None:
                result = await session.execute(_NO_EVENTS)
            elif place.until is None:
                result = await session.execute(_NEW_EVENTS, {"seen": place.seen})
            else:
                middle = {"seen": place.seen, "until": place.until, "after_id": place.after_id}
                result = await session.execute(_MORE_EVENTS, middle)
            return result.all()

    async def _is_too_much(self, seen: str, until: str) -> bool:
        async with self._sessions() as session:
            return bool(await session.scalar(_IS_TOO_MUCH, {"seen": seen, "until": until}))

    def _require_place(self) -> Place:
        if self.place is None:
            raise RuntimeError("the log was not read yet")
        return self.place
