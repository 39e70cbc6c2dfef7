"""A made-up installation that is known in every detail: what the language's meaning is worked out on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from tests.people import Person
from tracker.events.record import record
from tracker.issues.tags import keys_of
from tracker.models import CLOSED_STATUSES, Attachment, Comment, EventType, Issue, ScanStatus, Severity, Status

NOW = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)
"""The last of a long month in UTC, the first of the next east of it."""

WORDS = {
    "fail": ("fail", "fails", "failing", "Failed"),
    "login": ("login", "logins", "Login"),
    "export": ("export", "exports", "exported", "EXPORTING"),
    "crash": ("crash", "crashes", "crashing"),
    "authent": ("authentication", "authentic", "authenticate"),
    "theme": ("theme", "Themes"),
    "straß": ("Straße",),
    "ti": ("ti.ui.window",),
    "v2": ("v2.1",),
}
"""Words in some of their forms, by their stem."""
EMPTY_WORDS = ("the", "is", "to", "be", "don't", "not")
BETWEEN = (" ", " ", " ", "\n", " **", ", ", " - ")
TAGS = ("ui", "UI", "Needs Info", "wontfix", "Straße", "ﬁle", "Ärger", "login", "ΣΑΣ", "σας")
FILES = ("crash-report.txt", "export of the login.csv", "theme.png", "Failing.log")


@dataclass(frozen=True)
class State:
    """What changes in the course of an issue."""

    status: Status
    severity: Severity
    tags: tuple[str, ...]
    assignee: Person | None


@dataclass
class Known:
    """An issue with its past."""

    id: int
    title: str
    description: str
    reporter: Person
    created_at: datetime
    states: list[tuple[datetime, State]]
    updated_at: datetime
    closed_at: datetime | None
    deleted_at: datetime | None
    comments: list[str] = field(default_factory=list[str])
    files: list[str] = field(default_factory=list[str])

    @property
    def now(self) -> State:
        return self.states[-1][1]

    def past(self, moment: datetime | None) -> list[State]:
        """All that it has been, up to a moment or until now."""
        return [state for at, state in self.states if moment is None or at < moment]

    @property
    def texts(self) -> list[str]:
        return [self.title, self.description, *self.now.tags, *self.files, *self.comments]


def make(people: Sequence[Person], count: int, seed: int = 7) -> list[Known]:
    """Issues of the people, of whom all but the reporters may be assigned."""
    random = Random(seed)
    return [_issue(number, people, random) for number in range(1, count + 1)]


def _issue(number: int, people: Sequence[Person], random: Random) -> Known:
    staff = [person for person in people if person.role != "reporter"]
    statuses, severities = list(Status), list(Severity)

    def tags() -> tuple[str, ...]:
        drawn = random.sample(TAGS, random.randint(0, 3))
        return tuple({keys_of([tag])[0]: tag for tag in drawn}.values())

    state = State(
        random.choice([Status.OPEN, Status.OPEN, *statuses]),
        random.choice(severities),
        tags(),
        random.choice([None, None, *staff]),
    )
    created = at = _moment(random, NOW - timedelta(days=500), NOW)
    states = [(at, state)]
    closed = at if state.status in CLOSED_STATUSES else None
    for _ in range(random.choice([0, 0, 1, 2, 4])):
        at = _moment(random, at, NOW)
        changed = random.choice([
            replace(state, status=random.choice(statuses)),
            replace(state, severity=random.choice(severities)),
            replace(state, tags=tags()),
            replace(state, assignee=random.choice([None, *staff])),
            replace(state, status=Status.DONE, assignee=random.choice(staff)),
        ])  # fmt: skip
        if changed == state:
            continue
        if changed.status not in CLOSED_STATUSES:
            closed = None
        elif state.status not in CLOSED_STATUSES:
            closed = at
        state = changed
        states.append((at, state))
    return Known(
        id=number,
        title=_title(random),
        description=random.choice(["", _text(random, 12), _text(random, 30)]),
        reporter=random.choice(people),
        created_at=created,
        states=states,
        updated_at=at,
        closed_at=closed,
        deleted_at=NOW if random.random() < 0.1 else None,
        comments=[_text(random, 8) for _ in range(random.choice([0, 0, 1, 3]))],
        files=random.sample(FILES, random.choice([0, 0, 0, 1, 2])),
    )


def _moment(random: Random, since: datetime, until: datetime) -> datetime:
    """Often where days begin, in UTC or east of it."""
    moment = since + (until - since) * random.random()
    if random.random() < 0.3:
        moment = moment.replace(hour=random.choice([0, 22, 23]), minute=0, second=0, microsecond=0)
    return min(max(moment, since), until)


def _text(random: Random, length: int) -> str:
    pieces: list[str] = []
    for _ in range(random.randint(2, length)):
        forms = random.choice([*WORDS.values(), EMPTY_WORDS])
        pieces += [random.choice(forms), random.choice(BETWEEN)]
    return "".join(pieces[:-1])


def _title(random: Random) -> str:
    return " ".join(_text(random, 5).split())


async def keep(session: AsyncSession, issues: Sequence[Known]) -> None:
    """Writes it all into an empty database, with the events that the product itself would have written."""
    rows = [_row(issue) for issue in issues]
    await session.execute(insert(Issue), rows)
    for issue in issues:
        for number, body in enumerate(issue.comments):
            at = issue.created_at + timedelta(minutes=number)
            session.add(Comment(issue_id=issue.id, author_id=issue.reporter.id, body=body, created_at=at))
        for number, name in enumerate(issue.files):
            session.add(
                Attachment(
                    issue_id=issue.id,
                    uploaded_by_id=issue.reporter.id,
                    name=name,
                    content_type="text/plain",
                    size=1,
                    sha256="",
                    storage_key=f"{issue.id}/{number}",
                    scan_status=ScanStatus.CLEAN,
                )
            )
        await session.flush()
        kind = EventType.ISSUE_CREATED
        for at, changes in _changes(issue):
            await record(session, kind, issue_id=issue.id, actor_id=issue.reporter.id, changes=changes, at=at)
            kind = EventType.ISSUE_UPDATED
    await session.execute(text("SELECT setval(pg_get_serial_sequence('issues', 'id'), (SELECT max(id) FROM issues))"))


def _row(issue: Known) -> dict[str, Any]:
    return {
        "id": issue.id,
        "title": issue.title,
        "description": issue.description,
        "status": issue.now.status,
        "severity": issue.now.severity,
        "tags": list(issue.now.tags),
        "tag_keys": keys_of(list(issue.now.tags)),
        "reporter_id": issue.reporter.id,
        "assignee_id": issue.now.assignee and issue.now.assignee.id,
        "comment_count": len(issue.comments),
        "attachment_count": len(issue.files),
        "created_at": issue.created_at,
        "updated_at": issue.updated_at,
        "closed_at": issue.closed_at,
        "deleted_at": issue.deleted_at,
    }


def _changes(issue: Known) -> Iterator[tuple[datetime, dict[str, tuple[Any, Any]]]]:
    before: dict[str, Any] = {}
    for at, state in issue.states:
        values: dict[str, Any] = {
            "status": state.status,
            "severity": state.severity,
            "tags": list(state.tags),
            "assignee_id": state.assignee and state.assignee.id,
        }
        if before:
            yield at, {name: (before[name], value) for name, value in values.items() if before[name] != value}
        else:
            yield at, {name: (None, value) for name, value in values.items() if value not in (None, [])}
        before = values
