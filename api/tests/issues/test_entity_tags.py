"""Versions of an issue: `ETag`, `If-None-Match`, `If-Match`."""

import pytest

from tests.people import Person, accepted, refused


async def test_a_copy_that_is_still_right_is_not_sent_again(reporter: Person, maintainer: Person) -> None:
    issue = await reporter.open_issue()
    address = f"/issues/{issue['id']}"
    etag = (await reporter.get(address)).headers["etag"]
    for sent in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        unchanged = await reporter.get(address, headers={"If-None-Match": sent})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert unchanged.headers["etag"] == etag
    accepted(await reporter.get(address, headers={"If-None-Match": '"other"'}))
    await maintainer.comment(issue["id"])
    changed = await reporter.get(address, headers={"If-None-Match": etag})
    assert accepted(changed)["comment_count"] == 1
    assert changed.headers["etag"] != etag


async def test_the_tag_changes_with_all_that_is_shown(admin: Person, reporter: Person) -> None:
    issue = await reporter.open_issue()
    address = f"/issues/{issue['id']}"
    before = (await admin.get(address)).headers["etag"]
    accepted(await admin.patch(f"/users/{reporter.id}", json={"full_name": "Renamed"}))
    after = (await admin.get(address)).headers["etag"]
    assert before != after
    assert before.split("-")[0] == after.split("-")[0] == '"1'


async def test_a_foreign_issue_tells_nothing_by_its_tag(reporter: Person, stranger: Person) -> None:
    issue = await stranger.open_issue()
    etag = (await stranger.get(f"/issues/{issue['id']}")).headers["etag"]
    bodies = [
        refused(await reporter.get(address, headers={"If-None-Match": sent}), 404) | {"request_id": ""}
        for address in (f"/issues/{issue['id']}", "/issues/999")
        for sent in (etag, "*")
    ]
    assert all(body == bodies[0] for body in bodies)
    refused(await reporter.patch(f"/issues/{issue['id']}", json={"title": "x"}, headers={"If-Match": '"9"'}), 404)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_a_change_of_an_older_version_is_refused_with_the_current_issue(maintainer: Person, method: str) -> None:
    issue = await maintainer.open_issue()
    address = f"/issues/{issue['id']}"
    etag = (await maintainer.get(address)).headers["etag"]
    first = await maintainer.request(method, address, json={"title": "First"}, headers={"If-Match": etag})
    current = accepted(first)
    stale = await maintainer.request(method, address, json={"title": "Second"}, headers={"If-Match": etag})
    assert refused(stale, 412)["issue"] == current
    second = {"If-Match": first.headers["etag"]}
    accepted(await maintainer.request(method, address, json={"title": "Second"}, headers=second))


async def test_a_comment_does_not_make_a_writer_stale(maintainer: Person) -> None:
    issue = await maintainer.open_issue()
    address = f"/issues/{issue['id']}"
    etag = (await maintainer.get(address)).headers["etag"]
    await maintainer.comment(issue["id"])
    accepted(await maintainer.patch(address, json={"title": "Other"}, headers={"If-Match": etag}))


async def test_the_version_alone_and_the_star_are_taken(maintainer: Person) -> None:
    issue = await maintainer.open_issue()
    address = f"/issues/{issue['id']}"
    for number, sent in enumerate(['"1"', '"2-0123456789abcdef"', "*", 'W/"4"', '"1", "5-00"'], start=1):
        answer = await maintainer.patch(address, json={"title": f"Title {number}"}, headers={"If-Match": sent})
        assert accepted(answer)["version"] == number + 1


@pytest.mark.parametrize("sent", ['"2"', '"0"', '""', '"-"', "nonsense", '"11"', ",", '"1.0"', "'1'"])
async def test_what_names_no_current_version_is_stale(maintainer: Person, sent: str) -> None:
    issue = await maintainer.open_issue()
    answer = await maintainer.patch(f"/issues/{issue['id']}", json={"title": "Other"}, headers={"If-Match": sent})
    assert refused(answer, 412)["issue"] == issue


async def test_a_change_to_what_already_is_so_is_stale_too(maintainer: Person) -> None:
    issue = await maintainer.open_issue()
    headers = {"If-Match": '"7"'}
    refused(await maintainer.patch(f"/issues/{issue['id']}", json={"title": issue["title"]}, headers=headers), 412)


async def test_staleness_is_told_only_to_who_may_change_the_field(reporter: Person) -> None:
    issue = await reporter.open_issue()
    headers = {"If-Match": '"7"'}
    refused(await reporter.patch(f"/issues/{issue['id']}", json={"status": "done"}, headers=headers), 403)
