"""Issues that are like another one."""

from tests.people import Person, accepted, refused


async def similar(person: Person, title: str) -> list[str]:
    answer = accepted(await person.get("/issues/similar", params={"title": title}))
    scores = [item["score"] for item in answer["items"]]
    assert scores == sorted(scores, reverse=True)
    return [item["issue"]["title"] for item in answer["items"]]


async def test_a_title_finds_what_says_the_same_in_other_words(maintainer: Person) -> None:
    await maintainer.open_issue("Login fails after the session expires")
    await maintainer.open_issue("Dark mode")
    await maintainer.open_issue("Export fails")
    assert (await similar(maintainer, "Cannot log in: login failing when session has expird"))[0] == (
        "Login fails after the session expires"
    )
    assert await similar(maintainer, "zzz") == await similar(maintainer, "the") == []
    refused(await maintainer.get("/issues/similar", params={"title": ""}), 400)


async def test_a_duplicate_is_marked_with_one_request_from_a_similar_issue(maintainer: Person) -> None:
    first = await maintainer.open_issue("Login fails after the session expires")
    second = await maintainer.open_issue("Login fails when the session has expired")
    (hit,) = accepted(await maintainer.get(f"/issues/{second['id']}/similar"))["items"]
    assert hit["issue"]["id"] == first["id"]
    assert 0.3 < hit["score"] <= 1
    changed = await maintainer.change(second["id"], duplicate_of=hit["issue"]["id"])
    assert changed["duplicate_of"] == first["id"]


async def test_nothing_similar_of_others_is_told(reporter: Person, stranger: Person, maintainer: Person) -> None:
    await reporter.open_issue("Login fails after the session expires")
    own = await stranger.open_issue("Login fails")
    assert await similar(stranger, "Login fails after the session expires") == ["Login fails"]
    assert accepted(await stranger.get(f"/issues/{own['id']}/similar")) == {"items": []}
    assert len(await similar(maintainer, "Login fails")) == 2
