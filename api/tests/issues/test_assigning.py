"""Assigning issues."""

import pytest

from tests.conftest import Newcomer
from tests.people import Person, accepted, refused
from tracker.models import Role


async def test_active_staff_can_be_assigned(maintainer: Person, admin: Person) -> None:
    issue = await maintainer.open_issue()
    for person in (maintainer, admin):
        changed = await maintainer.change(issue["id"], assignee_id=person.id)
        assert changed["assignee"] == {"id": person.id, "full_name": person.name}


async def test_reporters_inactive_and_unknown_people_cannot(
    maintainer: Person, admin: Person, reporter: Person, newcomer: Newcomer
) -> None:
    gone = await newcomer("Gus Gone", Role.MAINTAINER)
    assert (await admin.delete(f"/users/{gone.id}")).status_code == 204
    issue = await maintainer.open_issue()
    for user_id in (reporter.id, gone.id, 999):
        for answer in (
            await maintainer.patch(f"/issues/{issue['id']}", json={"assignee_id": user_id}),
            await maintainer.post("/issues/", json={"title": "New", "assignee_id": user_id}),
        ):
            problem = refused(answer, 400)
            assert [error["field"] for error in problem["errors"]] == ["assignee_id"]


@pytest.mark.parametrize("change", [{"is_active": False}, {"role": "reporter"}])
async def test_who_leaves_stays_assigned_until_somebody_else_is(
    maintainer: Person, admin: Person, newcomer: Newcomer, change: dict[str, object]
) -> None:
    leaver = await newcomer("Lee Leaver", Role.MAINTAINER)
    issue = await maintainer.open_issue(assignee_id=leaver.id)
    accepted(await admin.patch(f"/users/{leaver.id}", json=change))
    edited = await maintainer.change(issue["id"], title="Other", assignee_id=leaver.id)
    assert edited["assignee"]["id"] == leaver.id
    await maintainer.change(issue["id"], assignee_id=None)
    refused(await maintainer.patch(f"/issues/{issue['id']}", json={"assignee_id": leaver.id}), 400)
