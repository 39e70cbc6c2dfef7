"""Tags: shown as they were written, compared without case."""

from typing import Any

import pytest
from sqlalchemy import text

from tests.people import Person, accepted, refused
from tracker.accounts.viewer import Viewer
from tracker.core.database import Sessions
from tracker.core.transaction import Transaction
from tracker.issues.schemas import NewIssue
from tracker.issues.services import IssueService


async def counts(person: Person) -> list[tuple[str, int]]:
    return [(tag["name"], tag["count"]) for tag in accepted(await person.get("/tags/"))]


async def test_equal_tags_are_kept_once_as_first_written_in_their_order(reporter: Person) -> None:
    issue = await reporter.open_issue(tags=["Net", " net ", "UI", "NET", "ui", "a  b", "a b", "Straße", "STRASSE"])
    assert issue["tags"] == ["Net", "UI", "a b", "Straße"]


async def test_the_same_letters_in_other_code_points_are_the_same_tag(reporter: Person) -> None:
    issue = await reporter.open_issue(tags=["caf\u00e9", "cafe\u0301", "\uff35\uff29", "ui"])
    assert issue["tags"] == ["caf\u00e9", "\uff35\uff29"]


async def test_an_issue_has_up_to_20_tags_of_up_to_50_characters(maintainer: Person) -> None:
    most = [f"{number:02}".ljust(50, "x") for number in range(20)]
    issue = await maintainer.open_issue(tags=most)
    assert issue["tags"] == most
    assert (await maintainer.open_issue(tags=[*most, most[0].upper()]))["tags"] == most
    for tags in ([*most, "one more"], [f"t{number}" for number in range(101)]):
        problem = refused(await maintainer.patch(f"/issues/{issue['id']}", json={"tags": tags}), 400)
        assert [error["field"] for error in problem["errors"]] == ["tags"]


async def test_an_issue_has_up_to_2000_bytes_of_tags(maintainer: Person) -> None:
    """More would not go into the index that lists by tags."""
    most = [chr(0x1F600 + number) * 50 for number in range(10)]
    issue = await maintainer.open_issue(tags=most)
    assert issue["tags"] == most
    assert [row["id"] for row in accepted(await maintainer.get("/issues/", params={"tag": most}))["items"]] == [
        issue["id"]
    ]
    problem = refused(await maintainer.patch(f"/issues/{issue['id']}", json={"tags": [*most, "x"]}), 400)
    assert [error["field"] for error in problem["errors"]] == ["tags"]


@pytest.mark.parametrize("tag", ["", "  ", "x" * 51, "two\nlines", "nul\0", None, 7, ["ui"]], ids=repr)
async def test_what_is_no_tag_is_named_by_its_place(maintainer: Person, tag: object) -> None:
    answer = await maintainer.post("/issues/", json={"title": "New", "tags": ["ui", tag]})
    assert [error["field"] for error in refused(answer, 400)["errors"]] == ["tags[1]"]


async def test_tags_are_counted_in_the_spelling_that_is_used_most(maintainer: Person) -> None:
    for tags in (["UI", "net"], ["ui"], ["ui"], ["Net"], ["Net"], ["api"]):
        await maintainer.open_issue(tags=tags)
    assert await counts(maintainer) == [("Net", 3), ("ui", 3), ("api", 1)]


async def test_everybody_counts_the_issues_that_they_see(reporter: Person, stranger: Person, admin: Person) -> None:
    await reporter.open_issue(tags=["ui", "mine"])
    await stranger.open_issue(tags=["UI", "secret"])
    assert await counts(reporter) == [("mine", 1), ("ui", 1)]
    assert await counts(stranger) == [("secret", 1), ("UI", 1)]
    assert dict(await counts(admin))["secret"] == 1


async def test_the_trash_and_taken_away_tags_do_not_count(admin: Person) -> None:
    kept, trashed = await admin.open_issue(tags=["ui", "old"]), await admin.open_issue(tags=["ui", "gone"])
    await admin.change(kept["id"], tags=["ui"])
    assert (await admin.delete(f"/issues/{trashed['id']}")).status_code == 204
    assert await counts(admin) == [("ui", 1)]


async def test_the_counts_of_all_issues_follow_every_change(admin: Person, reporter: Person) -> None:
    """They are counted once, and kept up."""
    first = await reporter.open_issue(tags=["UI"])
    assert await counts(admin) == [("UI", 1)]
    second = await reporter.open_issue(tags=["ui", "net"])
    await admin.change(first["id"], tags=["ui", "old"])
    await admin.change(first["id"], title="Told anew")
    assert await counts(admin) == [("ui", 2), ("net", 1), ("old", 1)]
    assert (await admin.delete(f"/issues/{second['id']}")).status_code == 204
    assert await counts(admin) == [("old", 1), ("ui", 1)]
    accepted(await admin.post(f"/issues/{second['id']}/restore"))
    await admin.change(second["id"], tags=["net"])
    assert await counts(admin) == [("net", 1), ("old", 1), ("ui", 1)]
    for issue in (second, first):
        assert (await admin.delete(f"/issues/{issue['id']}")).status_code == 204
        assert (await admin.delete(f"/issues/trash/{issue['id']}")).status_code == 204
    assert await counts(admin) == []


async def test_what_commits_late_is_counted_then(admin: Person, sessions: Sessions) -> None:
    await admin.open_issue(tags=["early"])
    async with sessions() as session, Transaction(session):
        await IssueService(session, Viewer(id=admin.id, role=admin.role)).open(NewIssue(title="Late", tags=["late"]))
        await admin.open_issue(tags=["between"])
        assert await counts(admin) == [("between", 1), ("early", 1)]
    assert await counts(admin) == [("between", 1), ("early", 1), ("late", 1)]


async def test_changes_are_added_up_instead_of_counted_anew(admin: Person, sessions: Sessions) -> None:
    issue = await admin.open_issue(tags=["ui"])
    assert await counts(admin) == [("ui", 1)]
    async with sessions() as session, session.begin():
        await session.execute(text("UPDATE issues SET tags = '{other}', tag_keys = '{other}'"))  # as nobody does
    await admin.change(issue["id"], title="New")
    assert await counts(admin) == [("ui", 1)]
    async with sessions() as session, session.begin():
        await session.execute(text("INSERT INTO issues (title, reporter_id) SELECT 'By hand', reporter_id FROM issues"))
    assert await counts(admin) == [("other", 1)]


async def test_without_issues_there_are_no_tags(reporter: Person) -> None:
    assert await counts(reporter) == []


@pytest.mark.parametrize("tag", ["it's", "back\\slash", "\\'", '"quoted"', "{a,b}", "100%", ":name", "$1", "%(name)s"])
async def test_any_tag_can_be_listed_by(maintainer: Person, tag: str) -> None:
    issue = await maintainer.open_issue(tags=[tag])
    await maintainer.open_issue(tags=["other"])
    asked: list[dict[str, Any]] = [{"tag": tag}, {"tag": [tag, tag]}]
    if '"' not in tag:
        asked.append({"q": f'tag:"{tag}"'})
    for params in asked:
        found = accepted(await maintainer.get("/issues/", params=params))["items"]
        assert [row["id"] for row in found] == [issue["id"]], params
