"""Full text in the issue list."""

from typing import Any

import pytest

from tests.people import Person, accepted, refused


async def found(person: Person, *words: str, **params: Any) -> list[str]:
    page = accepted(await person.get("/issues/", params={"q": words, "sort": "created", **params}))
    assert page["total"] == len(page["items"])
    return [row["title"] for row in page["items"]]


@pytest.fixture
async def four(maintainer: Person) -> None:
    await maintainer.open_issue("Login fails", description="After a timeout the page is empty.")
    second = await maintainer.open_issue("Crash on start", description="Only on Safari, C++ side.")
    third = await maintainer.open_issue("Export of reports", tags=["login"])
    await maintainer.open_issue("Slow search", description="Searching takes seconds: café, node-fetch, v1.2.3")
    await maintainer.comment(second["id"], "The login page crashes, too.")
    await maintainer.comment(third["id"], "Fails with a timeout in Firefox.")


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("login", ["Login fails", "Crash on start", "Export of reports"]),
        ("LOGIN", ["Login fails", "Crash on start", "Export of reports"]),
        ("failing", ["Login fails", "Export of reports"]),
        ("timeout", ["Login fails", "Export of reports"]),
        ("empty page", ["Login fails"]),
        ('"login fails"', ["Login fails"]),
        ('"fails login"', []),
        ('"login page"', ["Crash on start"]),
        ("crash login", ["Crash on start"]),
        ("export firefox", ["Export of reports"]),
        ("login -crash", ["Login fails", "Export of reports"]),
        ("login -safari", ["Login fails", "Export of reports"]),
        ("timeout -firefox", ["Login fails"]),
        ('fails -"login fails"', ["Export of reports"]),
        ("-login", ["Slow search"]),
        ("crash or export", ["Crash on start", "Export of reports"]),
        ("firefox OR safari timeout", ["Export of reports"]),
        ("safari or", ["Crash on start"]),
        ("or safari", ["Crash on start"]),
        ("the login", ["Login fails", "Crash on start", "Export of reports"]),
        ("login -the", ["Login fails", "Crash on start", "Export of reports"]),
        ("the", []),
        ("nowhere", []),
        ("log", []),
        ("log*", ["Login fails", "Crash on start", "Export of reports"]),
        ("v1.2*", ["Slow search"]),
        ("nowhere*", []),
        ("fetch", ["Slow search"]),
        ('"C++"', ["Crash on start"]),
        ('"C--"', []),
        ('"login fail"', []),
        ('"NODE-fetch, v1"', ["Slow search"]),
        ('"Node-Fetch, v1.2.3"', ["Slow search"]),
        ("café", ["Slow search"]),
        ("node-fetch", ["Slow search"]),
        ("v1.2.3", ["Slow search"]),
        ("C++", ["Crash on start"]),
        ("#2", ["Crash on start"]),
        (" #2 ", ["Crash on start"]),
        ("#999", []),
        ("#9999999999999999999", []),
        ("#02", []),
    ],
)
async def test_words_phrases_and_exclusions_over_title_description_and_comments(
    maintainer: Person, words: str, shown: list[str]
) -> None:
    assert await found(maintainer, words) == shown


async def test_a_phrase_is_found_in_any_place_of_a_long_discussion(maintainer: Person) -> None:
    """Though the index tells of the first 16,383 places only, and of 255 of each word."""
    far = "abc " * 17_000 + "needle haystack, haystack"
    await maintainer.open_issue("Far", description=far)
    often = await maintainer.open_issue("Often", description="needle. " * 200 + "haystack. " * 300)
    for _ in range(2):
        await maintainer.comment(often["id"], "A needle. " * 100)
    await maintainer.comment(often["id"], "A needle haystack.")
    await maintainer.open_issue("Apart", description="A needle, a haystack.")
    await maintainer.open_issue("Near", description="A **needle** haystack.")
    assert await found(maintainer, '"needle haystack"') == ["Far", "Often", "Near"]
    assert await found(maintainer, '"haystack needle"') == []
    assert await found(maintainer, '-"needle haystack"') == ["Apart"]


@pytest.mark.usefixtures("four")
async def test_several_q_and_other_filters_narrow(maintainer: Person) -> None:
    assert await found(maintainer, "login", "page") == ["Login fails", "Crash on start"]
    assert await found(maintainer, "timeout", tag="login") == ["Export of reports"]
    assert len(await found(maintainer, "  ")) == 4


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize(
    "words",
    [
        "'",
        '"',
        '""',
        '"""',
        "'; drop table issues; --",
        "%",
        "_",
        "\\",
        "!!! ((( ))) <-> & | :*",
        "a & !b",
        "foo:*",
        "- -- ---",
        "-or or -",
        "\u202e\u200b🚀",
        "<script>",
        "https://example.com/a?b=c#d",
        "x" * 500,
        "or or or",
        "#",
        "#-1",
        "#2 #3",
    ],
)
async def test_weird_text_is_just_text(maintainer: Person, words: str) -> None:
    await found(maintainer, words)


async def test_too_many_words_are_refused(maintainer: Person) -> None:
    await found(maintainer, "a " * 32)
    problem = refused(await maintainer.get("/issues/", params={"q": "a " * 33}), 400)
    assert [error["field"] for error in problem["errors"]] == ["q"]


async def test_search_follows_every_write(maintainer: Person, admin: Person) -> None:
    issue = await maintainer.open_issue("First words")
    comment = await maintainer.comment(issue["id"], "Third words")
    assert await found(maintainer, "first third") == ["First words"]
    await maintainer.change(issue["id"], title="Second words")
    accepted(await maintainer.patch(f"/issues/{issue['id']}/comments/{comment['id']}", json={"body": "Fourth words"}))
    assert await found(maintainer, "first") == await found(maintainer, "third") == []
    assert await found(maintainer, "second fourth") == ["Second words"]
    assert (await maintainer.delete(f"/issues/{issue['id']}/comments/{comment['id']}")).status_code == 204
    assert await found(maintainer, "fourth") == []
    assert (await admin.delete(f"/issues/{issue['id']}")).status_code == 204
    assert await found(maintainer, "second") == []


async def test_nobody_finds_what_they_may_not_see(reporter: Person, stranger: Person, maintainer: Person) -> None:
    issue = await reporter.open_issue("Secret plan", description="Words of secrecy")
    await maintainer.comment(issue["id"], "Hidden remark")
    for words in ("secret", "secrecy", "hidden", "-nothing", f"#{issue['id']}"):
        assert await found(stranger, words) == []
        assert await found(reporter, words) == ["Secret plan"]


async def test_a_huge_description_is_found_by_its_beginning(reporter: Person) -> None:
    many = " ".join(f"word{number}" for number in range(200_000))[: 2 * 1024 * 1024]
    await reporter.open_issue("Dump", description=many)
    assert await found(reporter, "word7") == ["Dump"]
