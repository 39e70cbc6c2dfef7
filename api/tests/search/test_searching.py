"""The best issues for some words, over HTTP."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from tests.people import Person, accepted, refused
from tracker.query.estimates import Estimates
from tracker.query.stop_words import STOP_WORDS, says_something
from tracker.search import ranking, services
from tracker.search.tsquery import any_of, prefix

TITLES = {
    "a": "Login fails after the session expires",
    "b": "Authentication hangs on slow networks",
    "c": "Ti.UI.Window leaks its listeners",
    "d": "Dark mode for the calendar",
    "e": "Export reports as CSV",
}


async def search(person: Person, q: str, **params: Any) -> list[dict[str, Any]]:
    return accepted(await person.get("/issues/search", params={"q": q, **params}))["items"]


async def found(person: Person, q: str, **params: Any) -> str:
    by_title = {title: name for name, title in TITLES.items()}
    return "".join(by_title[hit["issue"]["title"]] for hit in await search(person, q, **params))


@pytest.fixture
async def five(maintainer: Person) -> dict[str, int]:
    ids = {name: (await maintainer.open_issue(title))["id"] for name, title in TITLES.items()}
    await maintainer.change(ids["d"], tags=["needs-info"], description="The **login** page stays white.")
    await maintainer.comment(ids["e"], "Nobody can login while it runs. A <b>login</b> takes seconds.")
    files = {"files": ("crash_report-2024.log", b"It fails on Mondays.", "text/plain")}
    accepted(await maintainer.post(f"/issues/{ids['b']}/attachments", files=files), 201)
    return ids


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("login", "ade"),  # in the title, in the description, in a comment
        ("LOGIN", "ade"),
        ("session login", "ad"),  # most of the words come after all of them
        ("csv 2024 exports", "eb"),
        ("expired sessions", "a"),
        ("authent", "b"),
        ("authenticati", "b"),
        ("authen ", ""),
        ("auth hangs", "b"),
        ("hangs auth", "b"),
        ("authentcation", "b"),
        ("authenticatoin", "b"),
        ("authenticaation ", "b"),
        ("login or calendar", "da"),
        ("qalendar", "d"),
        ("window", "c"),
        ("ti.ui.window", "c"),
        ("Ti.UI", "c"),
        ("needs", "d"),
        ("info", "d"),
        ("crash", "b"),
        ("report 2024", "be"),
        ('"login page"', "d"),
        ('"login pages"', ""),
        ('"lgoin page"', ""),
        ("login is:closed", ""),
        ("login tag:needs-info", "d"),
        ("login -session", "de"),
        ("login -the", "ade"),
        ("tag:needs-info", "d"),
        ("the", ""),
        ("xyzzy", ""),
        ("", ""),
    ],
)
async def test_words_are_found_wherever_they_stand_unfinished_or_misspelt(
    maintainer: Person, q: str, names: str
) -> None:
    assert await found(maintainer, q) == names


@pytest.mark.usefixtures("five")
async def test_an_issue_that_holds_most_words_comes_after_those_that_hold_all(maintainer: Person) -> None:
    await maintainer.change(1, description="Dark, too.")
    assert (await found(maintainer, "dark mode login"))[0] == "d"
    assert await found(maintainer, "login fails after sesion expires on dark days", limit=1) == "a"


@pytest.mark.usefixtures("five")
async def test_hits_are_marked_in_plain_pieces_of_the_texts_themselves(maintainer: Person) -> None:
    title, description, comment = await search(maintainer, "login")
    assert title["title"] == [
        {"text": "Login", "hit": True},
        {"text": " fails after the session expires", "hit": False},
    ]
    assert title["excerpt"] is None
    assert description["excerpt"]["source"] == "description"
    pieces = description["excerpt"]["fragments"]
    assert "".join(piece["text"] for piece in pieces) == "The **login** page stays white."
    assert [piece["text"] for piece in pieces if piece["hit"]] == ["login"]
    assert comment["excerpt"]["source"] == "comment"
    assert comment["excerpt"]["comment_id"]
    pieces = comment["excerpt"]["fragments"]
    assert "".join(piece["text"] for piece in pieces) == "Nobody can login while it runs. A <b>login</b> takes seconds."
    (window,) = await search(maintainer, "windows")
    assert [piece["text"] for piece in window["title"] if piece["hit"]] == ["Window"]


async def test_no_text_can_forge_a_mark(maintainer: Person) -> None:
    await maintainer.open_issue("Login", description="a \x02forged\x03 mark, a <b>login</b>")
    (hit,) = await search(maintainer, "login")
    assert [piece["text"] for piece in hit["excerpt"]["fragments"] if piece["hit"]] == ["login"]


async def test_nobody_finds_what_they_may_not_see(reporter: Person, stranger: Person, maintainer: Person) -> None:
    issue = await reporter.open_issue("Secret plan", description="Words of secrecy")
    await maintainer.comment(issue["id"], "Hidden remark")
    for q in ("secret", "secrecy", "hidden", "secrte", "is:open", f"#{issue['id']}", '"secret plan"'):
        assert await search(stranger, q) == []
        assert [hit["issue"]["id"] for hit in await search(reporter, q)] == [issue["id"]]


async def test_reporters_are_told_nothing_by_how_others_write(reporter: Person, stranger: Person) -> None:
    await reporter.open_issue("Printer jams")
    await reporter.open_issue("Paper tray empty")
    before = await search(reporter, "printer tray")
    for _ in range(5):
        await stranger.open_issue("Printer printer")
    assert await search(reporter, "printer tray") == before


@pytest.mark.parametrize("written", ["leaking", "printer", "leakage leakages leakings", "printing prints", "leakinh"])
async def test_reporters_are_not_told_which_words_others_have_written(
    reporter: Person, stranger: Person, written: str
) -> None:
    await reporter.open_issue("It leaked on the printor")
    await reporter.open_issue("A prinetr leek")

    async def told() -> list[Any]:
        hits = [await search(reporter, q) for q in ("leaking", "leakinh", "leakin", "printer ", "prin", "printen leek")]
        lists = [accepted(await reporter.get("/issues/", params={"q": q})) for q in ("leaki*", "printi*")]
        titles = ("leaking", "leakinh", "printer")
        similar = [accepted(await reporter.get("/issues/similar", params={"title": title})) for title in titles]
        return [hits, [page["total"] for page in lists], similar]

    before = await told()
    await stranger.open_issue(f"Others {written}", description=f"{written} again")
    assert await told() == before


@pytest.mark.parametrize(
    ("q", "names"),
    [
        ("authentcation", "b"),
        ("authenticatoin", "b"),
        ("uathentication", "b"),
        ("authenticati", "b"),
        ("authenticaation ", "b"),
        ("login fials", "a"),
        ("widnow", "c"),
        ("listning", "c"),
        ("csvs reprot", "e"),
        ("nowhere", ""),
    ],
)
async def test_reporters_find_their_own_words_misspelt(reporter: Person, q: str, names: str) -> None:
    for title in TITLES.values():
        await reporter.open_issue(title)
    assert (await found(reporter, q)).startswith(names)
    assert names or not await found(reporter, q)


async def test_reporters_may_misspell_at_once_what_they_write(reporter: Person) -> None:
    issue = await reporter.open_issue("Window closes")
    assert [hit["issue"]["id"] for hit in await search(reporter, "widnow ")] == [issue["id"]]
    await reporter.change(issue["id"], title="Printer stops")
    assert await search(reporter, "widnow ") == []
    assert [hit["issue"]["id"] for hit in await search(reporter, "pritner ")] == [issue["id"]]
    other = await reporter.open_issue("Keyboard sticks")
    assert [hit["issue"]["id"] for hit in await search(reporter, "keybaord ")] == [other["id"]]


async def test_search_follows_every_write(maintainer: Person, admin: Person) -> None:
    issue = await maintainer.open_issue("Firstling", tags=["taggy"])
    address = f"/issues/{issue['id']}"
    comment = await maintainer.comment(issue["id"], "Thirdling")
    files = {"files": ("nameling.txt", b"It fails on Mondays.", "text/plain")}
    (file,) = accepted(await maintainer.post(f"{address}/attachments", files=files), 201)

    async def hits(q: str) -> int:
        return len(await search(maintainer, q))

    assert [await hits(q) for q in ("firstling", "taggy", "thirdling", "nameling")] == [1, 1, 1, 1]
    await maintainer.change(issue["id"], title="Secondling", tags=["labelled"], description="Bodily")
    accepted(await maintainer.patch(f"{address}/comments/{comment['id']}", json={"body": "Fourthling"}))
    assert [await hits(q) for q in ("firstling ", "taggy ", "thirdling ")] == [0, 0, 0]
    now = ("secondling", "labelled", "bodily", "fourthling", "nameling")
    assert [await hits(q) for q in now] == [1, 1, 1, 1, 1]
    assert (await maintainer.delete(f"{address}/comments/{comment['id']}")).status_code == 204
    assert (await maintainer.delete(f"{address}/attachments/{file['id']}")).status_code == 204
    assert [await hits(q) for q in now] == [1, 1, 1, 0, 0]
    assert (await admin.delete(address)).status_code == 204
    assert [await hits(q) for q in now] == [0, 0, 0, 0, 0]
    accepted(await admin.post(f"{address}/restore"))
    assert [await hits(q) for q in now] == [1, 1, 1, 0, 0]


async def test_more_words_than_fit_are_no_error(maintainer: Person) -> None:
    issue = await maintainer.open_issue("Dump", description=" ".join(f"ä{number}ö" for number in range(100_000)))
    for begin in range(6):
        body = " ".join(f"é{number}è{begin}" for number in range(14_000))
        await maintainer.comment(issue["id"], body)
    assert len(await search(maintainer, "dump")) == 1


async def test_what_makes_no_sense_is_refused(maintainer: Person) -> None:
    problem = refused(await maintainer.get("/issues/search", params={"q": "login status:opne"}), 400)
    assert problem["errors"][0]["position"] == 13
    for params in ({}, {"q": "a" * 501}, {"q": "a\x00"}, {"q": "a", "limit": 0}, {"q": "a", "limit": 51}):
        refused(await maintainer.get("/issues/search", params=params), 400)


async def test_stop_words_are_those_of_the_database(sessions: async_sessionmaker[AsyncSession]) -> None:
    asked = [*sorted(STOP_WORDS), "login", "may", "café", "42", "x"]
    query = text(
        "SELECT word FROM unnest(CAST(:words AS text[])) AS word WHERE numnode(phraseto_tsquery('english', word)) > 0"
    )
    async with sessions() as session:
        telling = set(await session.scalars(query, {"words": asked}))
    assert telling == {word for word in asked if says_something(word)} == {"login", "may", "café", "42", "x"}


@pytest.mark.parametrize("expected", [1, 1000])
async def test_the_newest_that_hold_a_word_are_found_however_far_back_they_are(
    maintainer: Person, sessions: async_sessionmaker[AsyncSession], expected: int
) -> None:
    for title in ["Old leak", "Old leak", "Leak", *["Other"] * 20, "Leak"]:
        await maintainer.open_issue(title)
    holding = text("SELECT newest_holding(CAST(:word AS tsquery), :wanted, :expected, :reach)")
    async with sessions() as session:

        async def newest(word: str, wanted: int, reach: int) -> list[int]:
            values = {"word": word, "wanted": wanted, "expected": float(expected), "reach": reach}
            return list(await session.scalar(holding, values))

        assert [await newest("leak", 1, reach) for reach in (1, 3, 1000)] == [[24]] * 3
        assert [await newest("leak", 3, reach) for reach in (1, 3, 1000)] == [[24, 3, 2]] * 3
        assert [await newest("old", 5, reach) for reach in (1, 3, 1000)] == [[2, 1]] * 3
        assert await newest("nowhere", 5, 1) == []


async def test_only_words_that_hit_are_marked(maintainer: Person) -> None:
    await maintainer.open_issue(
        "Logs of categories", description="Uncategorised catalogues; a category, and CATEGORY_2"
    )
    (hit,) = await search(maintainer, "category ")
    assert [piece["text"] for piece in hit["title"] if piece["hit"]] == ["categories"]
    assert [piece["text"] for piece in hit["excerpt"]["fragments"] if piece["hit"]] == ["category", "CATEGORY"]


async def test_a_long_text_is_shown_around_its_first_hit(maintainer: Person) -> None:
    await maintainer.open_issue("Long", description="before " * 100 + "needle" + " after" * 100)
    (hit,) = await search(maintainer, "needle")
    before, found, after = hit["excerpt"]["fragments"]
    assert (len(before["text"]), found["text"], found["hit"]) == (60, "needle", True)
    assert len(before["text"] + found["text"] + after["text"]) == 200


async def test_marks_stand_where_the_words_do_among_letters_that_have_no_single_small_one(maintainer: Person) -> None:
    await maintainer.open_issue("İİ: LOGIN of weblogin in İzmir, logins")
    (hit,) = await search(maintainer, "login")
    assert [piece["text"] for piece in hit["title"] if piece["hit"]] == ["LOGIN", "logins"]
    (hit,) = await search(maintainer, "izmir ")
    assert "".join(piece["text"] for piece in hit["title"]) == "İİ: LOGIN of weblogin in İzmir, logins"


async def test_words_are_marked_whose_stem_they_do_not_begin_with(maintainer: Person) -> None:
    await maintainer.open_issue("Category of categories")
    for q in ("categories", "categori", "category "):
        (hit,) = await search(maintainer, q)
        assert [piece["text"] for piece in hit["title"] if piece["hit"]] == ["Category", "categories"], q


def test_a_search_for_any_leaves_out_what_a_beginning_finds_as_well() -> None:
    assert any_of(["'login'", "'login-page'", prefix("login"), "'log'"]) == "('login':*) | ('log')"
    assert any_of(["'it''s'", prefix("it")]) == "('it':*)"
    assert any_of(["'login' & 'page'", prefix("login")]) == "('login' & 'page') | ('login':*)"
    assert any_of(["'login'", "", "'login'"]) == "('login')"


async def test_a_phrase_of_common_words_is_looked_for_in_the_latest_issues(
    maintainer: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def always(*_: Any) -> bool:
        return True

    monkeypatch.setattr(Estimates, "is_common", always)
    for module in (ranking, services):
        monkeypatch.setattr(module, "PHRASE_REACH", 2)
    for title in ("Umber moon, first", "Umber moon, second", "Moon of umber"):
        await maintainer.open_issue(title)
    for q in ('"umber moon"', 'moon "umber moon"'):
        assert [hit["issue"]["title"] for hit in await search(maintainer, q)] == ["Umber moon, second"]
