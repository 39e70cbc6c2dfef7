"""How many SQL statements a request takes: as many for a hundred rows as for one."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from litestar import Litestar
from sqlalchemy import event

from tests.conftest import Newcomer
from tests.people import Person, accepted
from tracker.models import Role

# The most that each may take: one of them finds out who asks.
AT_MOST = {
    "/issues/?limit=100": 3,
    "/issues/?limit=100&q=issue&status=open&tag=ui&assignee=none&assignee=me&sort=-severity": 4,
    "/issues/1": 2,
    "/issues/1/comments?limit=100": 3,
    "/issues/1/history?limit=100": 4,
    "/issues/snapshot": 3,
    "/events?limit=500&after={cursor}": 5,
    "/tags/": 2,
    "/users/me": 2,
    "/users/me/sessions": 2,
}
FOR_ADMINS = {"/users/": 2, "/users/assignable": 2, "/issues/trash": 2}


@contextmanager
def counted(app: Litestar) -> Generator[list[str]]:
    """Collects the statements that the application sends meanwhile."""
    statements: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        statements.append(statement)

    engine = app.state.sessions.kw["bind"].sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


class Load:
    """Everything that lists show: issues, duplicates, comments, changes, people, trash."""

    def __init__(self, newcomer: Newcomer, reporter: Person, maintainer: Person, admin: Person) -> None:
        self.newcomer = newcomer
        self.reporter, self.maintainer, self.admin = reporter, maintainer, admin
        self.count = 0

    async def add(self, count: int) -> None:
        for _ in range(count):
            self.count += 1
            await self.newcomer(f"Person {self.count}", Role.MAINTAINER)
            issue = await self.reporter.open_issue(f"Issue {self.count}", tags=[f"tag{self.count}", "ui"])
            await self.maintainer.change(issue["id"], assignee_id=self.maintainer.id)
            if issue["id"] > 1:
                await self.maintainer.change(issue["id"], duplicate_of=1)
            await self.reporter.comment(1, f"Comment {self.count}")
            await self.maintainer.change(1, title=f"Title {self.count}")
            trashed = await self.admin.open_issue()
            assert (await self.admin.delete(f"/issues/{trashed['id']}")).status_code == 204


async def test_reading_takes_as_many_statements_for_many_rows_as_for_few(
    app: Litestar, newcomer: Newcomer, reporter: Person, maintainer: Person, admin: Person
) -> None:
    readers = [(reporter, AT_MOST), (admin, AT_MOST | FOR_ADMINS)]
    cursors = {person.id: accepted(await person.get("/events"))["cursor"] for person, _ in readers}
    load = Load(newcomer, reporter, maintainer, admin)

    async def statements() -> dict[tuple[str, str], int]:
        counts: dict[tuple[str, str], int] = {}
        for person, addresses in readers:
            for address in addresses:
                with counted(app) as sent:
                    answer = await person.get(address.format(cursor=cursors[person.id]))
                assert answer.status_code == 200
                counts[person.name, address] = len(sent)
        return counts

    await load.add(3)
    await statements()  # what is counted for the first time takes one more
    few = await statements()
    await load.add(12)
    assert await statements() == few
    for person, addresses in readers:
        assert {
            address: few[person.name, address]
            for address in addresses
            if few[person.name, address] > addresses[address]
        } == {}


async def test_writing_takes_a_handful(app: Litestar, maintainer: Person) -> None:
    issue = await maintainer.open_issue()
    address = f"/issues/{issue['id']}"
    for method, target, body, at_most in (
        ("POST", "/issues/", {"title": "New"}, 4),
        ("PATCH", address, {"title": "Other", "status": "done", "tags": ["ui"]}, 5),
        ("POST", f"{address}/comments", {"body": "Words."}, 6),
    ):
        with counted(app) as sent:
            answer = await maintainer.request(method, target, json=body)
            assert answer.status_code in {200, 201}
        assert len(sent) <= at_most, "\n---\n".join(sent)
