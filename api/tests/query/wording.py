"""Words, beginnings and phrases, as texts and what they mean."""

import re
from collections.abc import Sequence

from hypothesis import strategies as st

from tests.query.meaning import Term
from tests.query.world import EMPTY_WORDS, FILES, WORDS, Known

_STEMS = (
    {word: word for file in FILES for word in re.findall(r"[a-z]+", file.lower())}
    | {form.lower(): stem for stem, forms in WORDS.items() for form in forms}
    | {part: part for part in ("ti", "ui", "window", "v2", "1")}
    | dict.fromkeys((*EMPTY_WORDS, "don", "t", "of"), "")
)


def _parts(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _words_of(issue: Known) -> list[list[str]]:
    return [_parts(text) for text in issue.texts]


def _stands(parts: Sequence[str], words: Sequence[str]) -> bool:
    """Whether these words stand next to each other, in whatever form; those that stand everywhere fit any."""
    stems = [_STEMS.get(part, part) for part in parts]
    return any(
        all(not stem or _STEMS.get(word, word) == stem for stem, word in zip(stems, words[at:], strict=False))
        for at in range(len(words) - len(stems) + 1)
    )


def _word(text: str) -> Term:
    parts = _parts(text)
    if not any(_STEMS.get(part, part) for part in parts):
        return Term(text, None, says=False)
    return Term(text, lambda issue, _: any(_stands(parts, words) for words in _words_of(issue)))


def _begun(begin: str) -> Term:
    """Words that begin so, in whatever form; those that stand everywhere are not found."""
    low = begin.lower()
    stems = {stem for word, stem in _STEMS.items() if stem and word.startswith(low)}
    return Term(
        f"{begin}*", lambda issue, _: any(_STEMS.get(word, word) in stems for text in _words_of(issue) for word in text)
    )


def _phrase(words: Sequence[str]) -> Term:
    # Between its words may stand a line's end or Markdown.
    wanted = [word.lower() for word in words]

    def stands_in(text: str) -> bool:
        found = [word for word in re.split(r"[\s*]+", text.lower()) if word]
        runs = [" ".join(found[at : at + len(wanted)]) for at in range(len(found))]
        return any(_is_whole(run, " ".join(wanted)) for run in runs)

    says = any(_STEMS.get(part, part) for word in wanted for part in _parts(word))
    return Term(f'"{" ".join(words)}"', lambda issue, _: any(stands_in(text) for text in issue.texts), says=says)


def _is_whole(run: str, wanted: str) -> bool:
    """Whether it stands there and is no piece of a longer word."""
    at = run.find(wanted)
    while at >= 0:
        before, after = run[:at][-1:], run[at + len(wanted) :][:1]
        if not (before.isalnum() and wanted[0].isalnum()) and not (after.isalnum() and wanted[-1].isalnum()):
            return True
        at = run.find(wanted, at + 1)
    return False


_FORMS = [form for forms in WORDS.values() for form in forms]
WORD = st.sampled_from([*_FORMS, "window", "ui.window", "ti-ui", "nowhere", *EMPTY_WORDS[:-1], "!?"]).map(_word)
BEGUN = st.sampled_from(["log", "LOGINS", "fai", "failin", "authentic", "authenticat", "the", "the", "stra", "zz"]).map(
    _begun
)
PHRASE = st.lists(
    st.sampled_from([*_FORMS, *EMPTY_WORDS, "ui.window", ".window", "straße"]), min_size=1, max_size=3
).map(_phrase)
