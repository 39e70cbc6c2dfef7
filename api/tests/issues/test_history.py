"""The history of an issue, read from the event log."""

from typing import Any

from tests.people import Person, accepted, refused


async def history(person: Person, issue_id: int, **params: Any) -> list[dict[str, Any]]:
    """All entries, page by page."""
    entries: list[dict[str, Any]] = []
    while True:
        page = accepted(await person.get(f"/issues/{issue_id}/history", params=params))
        entries += page["items"]
        if page["next_cursor"] is None:
            return entries
        params["cursor"] = page["next_cursor"]


def told(entries: list[dict[str, Any]]) -> list[tuple[str, Any, Any]]:
    return [(entry["field"], entry["old"], entry["new"]) for entry in entries]


async def test_filing_tells_the_first_values(maintainer: Person) -> None:
    issue = await maintainer.open_issue("Title", description="Words.", tags=["ui"], assignee_id=maintainer.id)
    entries = await history(maintainer, issue["id"])
    assert told(entries) == [
        ("title", None, "Title"),
        ("status", None, "open"),
        ("severity", None, "medium"),
        ("tags", None, ["ui"]),
        ("assignee_id", None, maintainer.id),
    ]
    assert {(entry["type"], entry["created_at"]) for entry in entries} == {("issue.created", issue["created_at"])}


async def test_every_change_says_who_when_which_field_and_from_what_to_what(
    maintainer: Person, reporter: Person
) -> None:
    original = await maintainer.open_issue("Original")
    issue = await reporter.open_issue("Before", description="Old words.")
    answer = await reporter.patch(f"/issues/{issue['id']}", json={"title": "After", "description": "New words."})
    (event_id,) = answer.headers["x-event-ids"].split(",")
    changed = await maintainer.change(
        issue["id"],
        status="done",
        severity="high",
        tags=["net"],
        assignee_id=maintainer.id,
        duplicate_of=original["id"],
    )
    by_reporter, by_maintainer = (
        (await history(maintainer, issue["id"]))[3:5],
        (await history(maintainer, issue["id"]))[5:],
    )
    assert told(by_reporter) == [("title", "Before", "After"), ("description", "Old words.", "New words.")]
    assert told(by_maintainer) == [
        ("status", "open", "done"),
        ("severity", "medium", "high"),
        ("tags", [], ["net"]),
        ("assignee_id", None, maintainer.id),
        ("duplicate_of", None, original["id"]),
    ]
    assert {entry["event_id"] for entry in by_reporter} == {int(event_id)}
    assert [entry["id"] for entry in by_reporter] == [f"{event_id}.0", f"{event_id}.1"]
    assert by_reporter[0]["actor"] == {"id": reporter.id, "full_name": reporter.name}
    assert by_maintainer[0]["actor"] == {"id": maintainer.id, "full_name": maintainer.name}
    assert by_maintainer[0]["created_at"] == changed["updated_at"]
    assert {entry["type"] for entry in by_reporter + by_maintainer} == {"issue.updated"}


async def test_whoever_was_assigned_is_told_by_name(maintainer: Person, admin: Person) -> None:
    issue = await maintainer.open_issue(assignee_id=maintainer.id)
    await maintainer.change(issue["id"], assignee_id=admin.id)
    await maintainer.change(issue["id"], assignee_id=None, severity="high")
    names = [[person["full_name"] for person in entry["people"]] for entry in await history(maintainer, issue["id"])]
    assert [named for named in names if named] == [[maintainer.name], [maintainer.name, admin.name], [admin.name]]


async def test_comments_are_told_with_their_id(maintainer: Person) -> None:
    issue = await maintainer.open_issue()
    comment = await maintainer.comment(issue["id"], "First words.")
    address = f"/issues/{issue['id']}/comments/{comment['id']}"
    accepted(await maintainer.patch(address, json={"body": "Second words."}))
    entries = (await history(maintainer, issue["id"]))[3:]
    assert [entry["type"] for entry in entries] == ["comment.created", "comment.updated"]
    assert told(entries) == [("body", None, "First words."), ("body", "First words.", "Second words.")]
    assert {entry["comment_id"] for entry in entries} == {comment["id"]}


async def test_a_deletion_is_told_without_the_words(maintainer: Person, admin: Person) -> None:
    issue = await maintainer.open_issue()
    kept = await maintainer.comment(issue["id"], "Kept.")
    comment = await maintainer.comment(issue["id"], "Regretted.")
    address = f"/issues/{issue['id']}/comments/{comment['id']}"
    accepted(await maintainer.patch(address, json={"body": "Regretted more."}))
    assert (await admin.delete(address)).status_code == 204
    entries = (await history(maintainer, issue["id"]))[3:]
    assert "Regretted" not in str(entries)
    assert ("body", None, "Kept.") in told(entries)
    assert [(entry["type"], entry["field"]) for entry in entries if entry["comment_id"] == comment["id"]] == [
        ("comment.created", "comment_id"),
        ("comment.updated", "comment_id"),
        ("comment.deleted", "comment_id"),
    ]
    deletion = entries[-1]
    assert (deletion["type"], deletion["comment_id"]) == ("comment.deleted", comment["id"])
    assert deletion["actor"]["id"] == admin.id
    assert {entry["comment_id"] for entry in entries} == {kept["id"], comment["id"]}


async def test_long_texts_are_told_whole(maintainer: Person) -> None:
    issue = await maintainer.open_issue(description="a" * 100_000)
    await maintainer.change(issue["id"], description="b" * 100_000)
    assert told((await history(maintainer, issue["id"]))[3:]) == [("description", "a" * 100_000, "b" * 100_000)]


async def test_a_page_ends_early_rather_than_hold_many_long_texts(maintainer: Person) -> None:
    issue = await maintainer.open_issue()
    texts = [letter * 1_500_000 for letter in "abcde"]
    for text in texts:
        await maintainer.change(issue["id"], description=text)
    page = accepted(await maintainer.get(f"/issues/{issue['id']}/history", params={"limit": 100}))
    assert page["next_cursor"]
    assert [entry["new"] for entry in page["items"][3:]] == texts[:2]
    assert [entry["new"] for entry in (await history(maintainer, issue["id"], limit=100))[3:]] == texts


async def test_pages_put_together_are_the_whole_history(maintainer: Person) -> None:
    issue = await maintainer.open_issue()
    for number in range(7):
        await maintainer.change(issue["id"], title=f"Title {number}", severity=("low", "high")[number % 2])
    whole = await history(maintainer, issue["id"], limit=100)
    assert len(whole) == 3 + 14
    for limit in (1, 2, 3, 8):
        assert await history(maintainer, issue["id"], limit=limit) == whole
    assert [entry["event_id"] for entry in whole] == sorted(entry["event_id"] for entry in whole)


async def test_only_who_sees_the_issue_reads_its_history(
    reporter: Person, stranger: Person, maintainer: Person
) -> None:
    issue = await reporter.open_issue()
    assert await history(reporter, issue["id"]) == await history(maintainer, issue["id"])
    bodies = [
        refused(await stranger.get(f"/issues/{issue_id}/history"), 404) | {"request_id": ""}
        for issue_id in (issue["id"], 999)
    ]
    assert bodies[0] == bodies[1]


async def test_a_renamed_person_is_told_by_the_new_name(reporter: Person) -> None:
    issue = await reporter.open_issue()
    accepted(await reporter.patch("/users/me", json={"full_name": "New Name"}))
    assert {entry["actor"]["full_name"] for entry in await history(reporter, issue["id"])} == {"New Name"}
