"""How well search finds what it should, in issues of a real tracker.

Known items: titles with one slip each, which should find their issue among the first five. Similar issues: of each pair
that people marked as duplicates, one should find the other.
"""

import asyncio
import random
import string
from collections.abc import Sequence
from pathlib import Path

import click
from sqlalchemy import select

from bench.serving import settings_of
from tracker.accounts.viewer import Viewer
from tracker.core.database import Sessions, database_config, session_maker
from tracker.core.migrations import migrations
from tracker.core.reads import Reads
from tracker.core.zones import zone_of
from tracker.imports.commands import import_file
from tracker.imports.jira import read_entries
from tracker.local import ephemeral
from tracker.models import ImportSource, Issue, Role
from tracker.query.parser import MAX_TERMS
from tracker.search.own_words import OwnWordsKept
from tracker.search.services import Search

KNOWN_ITEMS = 500
_NO_QUERY = str.maketrans(dict.fromkeys('":()#-', " "))


def with_slip(title: str, chance: random.Random) -> str:
    """The title with a letter of one of its words wrong, missing, too many or swapped with the next."""
    places = [at for at in range(1, len(title)) if title[at - 1].isalpha() and title[at].isalpha()]
    if not places:
        return title
    at = chance.choice(places)
    letter = chance.choice(string.ascii_lowercase)
    return chance.choice(
        [
            title[:at] + letter + title[at + 1 :],
            title[:at] + title[at + 1 :],
            title[:at] + letter + title[at:],
            title[: at - 1] + title[at] + title[at - 1] + title[at + 1 :],
        ]
    )


async def find_known_items(search: Search, titles: Sequence[tuple[int, str]]) -> None:
    chance = random.Random(1)  # noqa: S311 (the same slips each time)
    places: list[int | None] = []
    for issue_id, title in chance.sample(titles, min(KNOWN_ITEMS, len(titles))):
        # What is asked for is words; a title may hold what the query language knows.
        words = " ".join(with_slip(title, chance).lower().translate(_NO_QUERY).split()[:MAX_TERMS])
        hits = (await search.find(words[:500], zone=zone_of("UTC"), limit=5)).items
        places.append(next((n for n, hit in enumerate(hits) if hit.issue.id == issue_id), None))
    found = [place for place in places if place is not None]
    click.echo(
        f"Known items: {len(places)} titles with one slip each; first {found.count(0) / len(places):.1%}, "
        f"among the first five {len(found) / len(places):.1%}"
    )


async def find_duplicates(sessions: Sessions, search: Search) -> None:
    async with sessions() as session:
        pairs = (
            await session.execute(select(Issue.id, Issue.duplicate_of_id).where(Issue.duplicate_of_id.is_not(None)))
        ).all()
    ranks: list[int] = []
    for duplicate, original in pairs:
        similar = (await search.similar_to(duplicate, limit=10)).items
        ranks.append(next((n for n, each in enumerate(similar) if each.issue.id == original), 99))
    total = max(1, len(ranks))
    at_five, at_ten = (sum(rank < bound for rank in ranks) / total for bound in (5, 10))
    click.echo(f"Similar issues: {len(ranks)} marked duplicates; recall@5 {at_five:.1%}, recall@10 {at_ten:.1%}")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def main(file: Path) -> None:
    """Import FILE, as `tracker import jira` does, into a database that is thrown away, and search it."""
    with ephemeral() as databases:
        settings = settings_of(databases)
        migrations(settings).upgrade()
        asyncio.run(import_file(settings, ImportSource.JIRA, file, read_entries(file), lambda _: None))

        async def measure() -> None:
            database = database_config(settings, patient=True)
            sessions = session_maker(database)
            async with sessions() as session:
                titles = (await session.execute(select(Issue.id, Issue.title))).all()
            search = Search(Reads(database.get_engine()), OwnWordsKept(), Viewer(id=1, role=Role.ADMIN))
            await find_known_items(search, [(row.id, row.title) for row in titles])
            await find_duplicates(sessions, search)
            await database.get_engine().dispose()

        asyncio.run(measure())


if __name__ == "__main__":
    main()
