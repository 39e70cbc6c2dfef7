"""Several people change one issue at the same moment."""

import asyncio
from itertools import pairwise

from tests.people import Person, accepted, refused


async def test_changes_of_different_fields_all_survive(maintainer: Person, admin: Person) -> None:
    changes = {"title": "Other", "description": "Words.", "status": "triaged", "severity": "low", "tags": ["ui"]}
    for _ in range(3):
        issue = await maintainer.open_issue()
        people = [maintainer, admin] * 3
        answers = await asyncio.gather(
            *(
                person.patch(f"/issues/{issue['id']}", json={field: value})
                for person, (field, value) in zip(people, changes.items(), strict=False)
            )
        )
        for answer in answers:
            accepted(answer)
        after = accepted(await admin.get(f"/issues/{issue['id']}"))
        assert {field: after[field] for field in changes} == changes
        assert after["version"] == 1 + len(changes)
        assert after["updated_at"] == max(answer.json()["updated_at"] for answer in answers)


async def test_of_many_changes_of_one_version_exactly_one_is_made(maintainer: Person, admin: Person) -> None:
    issue = await maintainer.open_issue()
    etag = (await maintainer.get(f"/issues/{issue['id']}")).headers["etag"]
    answers = await asyncio.gather(
        *(
            person.patch(f"/issues/{issue['id']}", json={"title": f"Title {number}"}, headers={"If-Match": etag})
            for number, person in enumerate([maintainer, admin] * 5)
        )
    )
    (won,) = [accepted(answer) for answer in answers if answer.status_code == 200]
    assert accepted(await admin.get(f"/issues/{issue['id']}")) == won
    for answer in answers:
        if answer.status_code != 200:
            assert refused(answer, 412)["issue"] == won


async def test_each_change_starts_from_the_one_before(maintainer: Person, admin: Person) -> None:
    issue = await maintainer.open_issue("Title")
    await asyncio.gather(
        *(
            person.change(issue["id"], title=f"Title {number}", status=("done", "open")[number % 2])
            for number, person in enumerate([maintainer, admin] * 6)
        )
    )
    entries = accepted(await admin.get(f"/issues/{issue['id']}/history"))["items"]
    for field in ("title", "status"):
        chain = [(entry["old"], entry["new"]) for entry in entries if entry["field"] == field]
        assert all(before[1] == after[0] for before, after in pairwise(chain))
        assert accepted(await admin.get(f"/issues/{issue['id']}"))[field] == chain[-1][1]
    moments = [entry["created_at"] for entry in entries]
    assert moments == sorted(moments)


async def test_deleting_and_restoring_together_end_in_one_of_both(admin: Person) -> None:
    issue = await admin.open_issue()
    answers = await asyncio.gather(
        *(
            admin.delete(f"/issues/{issue['id']}") if number % 2 else admin.post(f"/issues/{issue['id']}/restore")
            for number in range(10)
        )
    )
    assert {answer.status_code for answer in answers} <= {200, 204, 404}
    is_there = (await admin.get(f"/issues/{issue['id']}")).status_code == 200
    in_trash = accepted(await admin.get("/issues/trash"))["items"] != []
    assert is_there is not in_trash
