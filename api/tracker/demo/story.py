"""Half a year of work on issues, as a list of acts in order of time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

from tracker.demo.areas import topics
from tracker.demo.cast import ADMIN, CUSTOMERS, DEVELOPERS, REPORTER, Player
from tracker.demo.wording import JUNK, Subject
from tracker.models import Severity, Status

SPAN = timedelta(days=182)

_MORNING, _EVENING = 8, 18
_SATURDAY = 5

_NO_FIELDS: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something that a player does to an issue at a moment."""

    at: datetime
    issue: int
    """Position of the issue in the story, as its number is not known yet."""
    player: Player


@dataclass(frozen=True, slots=True, kw_only=True)
class Open(Act):
    title: str
    description: str
    severity: Severity
    tags: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Change(Act):
    fields: Mapping[str, Any] = field(default_factory=lambda: _NO_FIELDS)
    assignee: Player | None = None
    duplicate_of: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Say(Act):
    body: str
    about: int | None = None
    """Issue whose number takes the place of `{number}` in the body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(Act):
    pass


def story(now: datetime) -> list[Act]:
    """All that happened up to `now`. Who does what is always the same; only the times move along with `now`."""
    acts: list[Act] = []
    lives: list[_Life] = []
    deck = topics(_random("topics"))
    for position, topic in enumerate(deck):
        random = _random(position)
        # More customers, more issues: their number grows over the months.
        age = SPAN * (1 - (position + random.random()) / len(deck)) ** 1.3
        life = _Life(position, now - age, random, Subject(random, topic), lives)
        lives.append(life)
        acts += life.acts()
    acts += _junk(now, first=len(deck))
    return sorted((act for act in acts if act.at <= now), key=lambda act: act.at)


def _random(purpose: object) -> Random:
    return Random(f"half a year of bookings: {purpose}")  # noqa: S311 - it is to be the same each time


def working_hours(moment: datetime) -> datetime:
    """The moment itself, or when the team is at work next."""
    if moment.hour < _MORNING:
        moment += timedelta(hours=_MORNING - moment.hour)
    elif moment.hour >= _EVENING:
        moment += timedelta(hours=24 + _MORNING - moment.hour)
    if moment.weekday() >= _SATURDAY:
        moment += timedelta(days=7 - moment.weekday())
    return moment


class _Life:
    """What happens to one issue. Its acts go on into the future; the story ends before."""

    def __init__(
        self, position: int, opened_at: datetime, random: Random, subject: Subject, earlier: list["_Life"]
    ) -> None:
        self.subject = subject
        self.position = position
        self._now = opened_at
        self._random = random
        self._reporter = self._somebody()
        self._assignee = random.choice(DEVELOPERS)
        self.original = self._like_one_of(earlier)

    def acts(self) -> Iterator[Act]:
        yield self._open()
        if self._chance(0.06):
            return  # nobody has looked at it
        if self.original is not None:
            yield from self._close_as_duplicate(self.original)
            return
        yield from self._triage()
        if self._chance(0.14):
            return  # a good idea, some day
        if self._chance(0.13):
            yield from self._cancel()
            return
        yield from self._work()
        if self._chance(0.08):
            yield from self._reopen()

    def _somebody(self) -> Player:
        if self.subject.kind == "chore" or self._chance(0.2):
            return self._random.choice(DEVELOPERS)
        return self._random.choice((REPORTER, *CUSTOMERS))

    def _like_one_of(self, earlier: list["_Life"]) -> int | None:
        """The position of an issue of the last weeks that somebody files once more, mostly none."""
        candidates = [life for life in earlier[-40:] if life.subject.kind == "bug" and life.original is None]
        if not candidates or not self._chance(0.06):
            return None
        original = self._random.choice(candidates)
        self.subject.repeat(original.subject)
        return original.position

    def _open(self) -> Open:
        tags = self.subject.tags()
        return Open(
            **self._by(self._reporter),
            title=self.subject.title,
            description=self.subject.description(),
            severity=self.subject.severity(),
            tags=tags if self._reporter.is_staff else tags[:1] if self._chance(0.3) else [],
        )

    def _triage(self) -> Iterator[Act]:
        self._wait(hours=30)
        fields: dict[str, Any] = {"status": Status.TRIAGED, "tags": self.subject.tags()}
        if self._chance(0.25):
            fields["severity"] = self.subject.severity()
        triager = self._random.choice(DEVELOPERS)
        assigned = self._chance(0.8)
        yield Change(**self._by(triager), fields=fields, assignee=self._assignee if assigned else None)
        if self._chance(0.45):
            yield self._say(triager, self.subject.confirmation())
        elif self._chance(0.5):
            yield self._say(triager, self.subject.question())
            self._wait(hours=20)
            yield self._say(self._reporter, self.subject.answer())
        if self._chance(0.2):
            self._wait(hours=60)
            yield self._say(self._somebody_who_sees_it(), self.subject.chatter())

    def _work(self) -> Iterator[Act]:
        self._wait(hours=120)
        fields = {"status": Status.IN_PROGRESS}
        yield Change(**self._by(self._assignee), fields=fields, assignee=self._assignee)
        self._wait(hours=40)
        if self._chance(0.5):
            yield self._say(self._assignee, self.subject.finding())
        self._wait(hours=50)
        yield Change(**self._by(self._assignee), fields={"status": Status.DONE})
        if self._chance(0.6):
            yield self._say(self._assignee, self.subject.done())

    def _reopen(self) -> Iterator[Act]:
        self._wait(hours=80)
        yield self._say(self._reporter, self.subject.reopening())
        self._wait(hours=10)
        yield Change(**self._by(self._assignee), fields={"status": Status.IN_PROGRESS})
        self._wait(hours=60)
        yield Change(**self._by(self._assignee), fields={"status": Status.DONE})
        yield self._say(self._assignee, self.subject.done())

    def _cancel(self) -> Iterator[Act]:
        self._wait(hours=200)
        yield self._say(self._assignee, self.subject.cancellation())
        yield Change(**self._by(self._assignee), fields={"status": Status.CANCELLED})

    def _close_as_duplicate(self, original: int) -> Iterator[Act]:
        self._wait(hours=30)
        yield Say(
            **self._by(self._assignee), body="We have this as #{number} already; let us go on there.", about=original
        )
        yield Change(**self._by(self._assignee), fields={"status": Status.CANCELLED}, duplicate_of=original)

    def _somebody_who_sees_it(self) -> Player:
        return self._random.choice((self._reporter, *DEVELOPERS, ADMIN))

    def _say(self, player: Player, body: str) -> Say:
        self._now += timedelta(minutes=self._random.randint(1, 20))
        return Say(**self._by(player), body=body)

    def _by(self, player: Player) -> dict[str, Any]:
        return {"at": self._now, "issue": self.position, "player": player}

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _wait(self, *, hours: float) -> None:
        """Lets about so many hours pass; sometimes far fewer, now and then many more."""
        self._now = working_hours(self._now + timedelta(hours=hours * self._random.lognormvariate(-0.4, 0.9)))


def _junk(now: datetime, *, first: int) -> Iterator[Act]:
    for number, (title, description) in enumerate(JUNK):
        at = now - timedelta(days=5 * number + 1, hours=3 * number + 2)
        common: dict[str, Any] = {"issue": first + number}
        author = CUSTOMERS[number % len(CUSTOMERS)]
        yield Open(at=at, player=author, title=title, description=description, severity=Severity.MEDIUM, **common)
        yield Delete(at=at + timedelta(hours=1), player=ADMIN, **common)
