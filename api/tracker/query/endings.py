"""How English words go on after what full text keeps of them."""

_VERB = "e s es ed er ers ing ings y ies ied"
_NOUN = "or ors ion ions ation ations ator ators ition itions ment ments ness ism ist ists ity ities"
_ABLE = "able ably ability abilities ible ibly ibility ance ances ence ences ancy ency ant ants ent ents antly ently"
_AL = "al als ally ality alities ic ics ical ically ication ications icate icates icated icating"
_LY = "ly ful fully less lessly ous ously ousness ive ives ively iveness ivity"
_IZE = "ate ates ated ating ize izes ized izing izer izers ization izations ise ises ised ising isation isations"
ENDINGS = tuple(f"{_VERB} {_NOUN} {_ABLE} {_AL} {_LY} {_IZE}".split())


def words_begun_by(part: str) -> list[str]:
    """What a word may become of which this is the beginning: "authenti" may become "authentication"."""
    rests = {ending[at:] for ending in ENDINGS for at in range(len(ending) + 1) if part.endswith(ending[:at])}
    return [part, *sorted(part + rest for rest in rests if rest)]


def words_of(stem: str) -> list[str]:
    """What full text may have kept this of: "authent" of "authentication", and "run" of "running"."""
    return [stem, *(joint + ending for joint in (stem, stem + stem[-1:]) for ending in ENDINGS)]
