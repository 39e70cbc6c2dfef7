"""Tags stand in the SQL of a list itself, and are no more than text there."""

import pytest

from tests.people import Person, accepted

ODD = (
    "it's",
    "''; drop table issues; --",
    "100%",
    "%s",
    "%(limit)s",
    "%%",
    "$1",
    "$1::varchar",
    ":limit",
    "a\\",
    "\\'",
    "E'\\x'",
    "{a,b}",
    '"quoted"',
    "__[POSTCOMPILE_param_1]",
    "$$",
    "/* *",
    "ünï",
    "\N{FIRE}",
)


@pytest.mark.parametrize("tag", ODD)
async def test_a_tag_is_found_by_its_own_letters_only(maintainer: Person, tag: str) -> None:
    issue = await maintainer.open_issue("Tagged oddly", tags=[tag])
    await maintainer.open_issue("Tagged plainly", tags=["plain"])
    for _ in range(2):
        page = accepted(await maintainer.get("/issues/", params={"tag": tag}))
        assert [row["id"] for row in page["items"]] == [issue["id"]]
    if '"' not in tag:  # which the query language has no way to write within quotes
        page = accepted(await maintainer.get("/issues/", params={"q": f'tag:"{tag}"'}))
        assert [row["id"] for row in page["items"]] == [issue["id"]]
