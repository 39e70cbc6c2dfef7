"""Conditions on fields, as texts and what they mean."""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace

from hypothesis import strategies as st

from tests.people import Person
from tests.query.meaning import SEVERITIES, Asker, Term, Test, negated
from tests.query.world import TAGS, State
from tracker.models import CLOSED_STATUSES, Severity, Status

STATUSES = list(Status)


def _among(values: Sequence[object], of: Callable[[State], object]) -> Test:
    return lambda issue, asker: of(asker.state(issue)) in values


def _ever(test: Callable[[State, Asker], bool]) -> Test:
    return lambda issue, asker: any(test(state, asker) for state in issue.past(asker.as_of))


def _spelled(name: str) -> st.SearchStrategy[str]:
    return st.sampled_from([name, name, name.upper(), name.title()])


def _listed(choices: Sequence[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(choices), min_size=1, max_size=3)


_STATES = _listed(["open", "closed"]).map(
    lambda values: Term(
        f"is:{','.join(values)}",
        lambda issue, asker: ("closed" if asker.state(issue).status in CLOSED_STATUSES else "open") in values,
        widens="is",
    )
)


def _has_status(name: str, values: list[str]) -> Term:
    return Term(f"{name}:{','.join(values)}", _among(values, lambda state: str(state.status)), widens="status")


_STATUS = st.builds(
    _has_status,
    _spelled("status"),
    _listed([str(status) for status in STATUSES]),
)
_SEVERITY = _listed([str(severity) for severity in SEVERITIES]).map(
    lambda values: Term(
        f"severity:{','.join(values)}", _among(values, lambda state: str(state.severity)), widens="severity"
    )
)


def _compared(sign: str, bound: Severity) -> Term:
    def fits(severity: Severity) -> bool:
        distance = SEVERITIES.index(severity) - SEVERITIES.index(bound)
        return {">": distance > 0, ">=": distance >= 0, "<": distance < 0, "<=": distance <= 0}[sign]

    return Term(f"severity:{sign}{bound}", lambda issue, asker: fits(asker.state(issue).severity))


_SEVERITY_RANGE = st.builds(_compared, st.sampled_from([">", ">=", "<", "<="]), st.sampled_from(SEVERITIES))


def _folded(tag: str) -> str:
    return unicodedata.normalize("NFKC", " ".join(tag.split())).casefold()


def _tagged(name: str, tags: list[str]) -> Term:
    wanted = {_folded(tag) for tag in tags}
    values = ",".join(f'"{tag}"' if " " in tag else tag for tag in tags)
    return Term(f"{name}:{values}", lambda issue, asker: any(_folded(tag) in wanted for tag in asker.state(issue).tags))


_TAG = st.builds(_tagged, _spelled("tag"), _listed([*TAGS, "STRASSE", "file", "ärger", "Needs  info", "σασ", "none"]))  # noqa: RUF001

_NAMES = ["ann", "Ann Lee", "LEE", "élo", "ÉLODIE", "nn", "rob", "Rob Rep", "groß", "Ada", "%"]


def _people(asker: Asker, values: Sequence[str]) -> Callable[[Person | None], bool]:
    def is_meant(person: Person | None, value: str) -> bool:
        if value in {"none", "@none"}:
            return person is None
        if person is None:
            return False
        if value in {"me", "@me"}:
            return person is asker.viewer
        if value.isdecimal():
            return person.id == int(value)
        return f" {value.lower()}" in f" {person.name.lower()}"

    return lambda person: any(is_meant(person, value) for value in values)


def _quoted(values: Sequence[str]) -> str:
    return ",".join(f'"{value}"' if " " in value else value for value in values)


_ANYBODY = ["@me", "me", "1", "2", "3", *_NAMES]
_REPORTER = _listed(_ANYBODY).map(
    lambda values: Term(
        f"reporter:{_quoted(values)}",
        lambda issue, asker: _people(asker, values)(issue.reporter),
        widens="reporter",
    )
)
_ASSIGNEE = _listed(["none", "@none", *_ANYBODY]).map(
    lambda values: Term(
        f"assignee:{_quoted(values)}",
        lambda issue, asker: _people(asker, values)(asker.state(issue).assignee),
        widens="assignee",
    )
)

_PARTS: dict[str, Test] = {
    "assignee": lambda issue, asker: asker.state(issue).assignee is not None,
    "tag": lambda issue, asker: bool(asker.state(issue).tags),
    "description": lambda issue, _: bool(issue.description),
    "comment": lambda issue, _: bool(issue.comments),
    "attachment": lambda issue, _: bool(issue.files),
}
_HAS = _listed(list(_PARTS)).map(
    lambda parts: Term(f"has:{','.join(parts)}", lambda issue, asker: any(_PARTS[part](issue, asker) for part in parts))
)
_NO = _HAS.map(lambda has: negated(replace(has, text=has.text.replace("has:", "no:")), ""))


def _was_status(field: str, values: list[str]) -> Term:
    return Term(f"{field}was:{','.join(values)}", _ever(lambda state, _: str(state.status) in values))


def _was_severity(field: str, values: list[str]) -> Term:
    return Term(f"{field}was:{','.join(values)}", _ever(lambda state, _: str(state.severity) in values))


_WAS_STATUS = st.builds(
    _was_status,
    st.sampled_from(["", "status "]),
    _listed([str(status) for status in STATUSES]),
)
_WAS_SEVERITY = st.builds(
    _was_severity,
    st.sampled_from(["", "severity "]),
    _listed([str(severity) for severity in SEVERITIES]),
)
_WAS_ASSIGNED = _listed(["none", *_ANYBODY]).map(
    lambda values: Term(
        f"assignee was:{_quoted(values)}", _ever(lambda state, asker: _people(asker, values)(state.assignee))
    )
)
_NUMBER = st.integers(1, 90).map(lambda number: Term(f"#{number}", lambda issue, _: issue.id == number))
FIELDS = [
    _STATES,
    _STATUS,
    _SEVERITY,
    _SEVERITY_RANGE,
    _TAG,
    _REPORTER,
    _ASSIGNEE,
    _HAS,
    _NO,
    _WAS_STATUS,
    _WAS_SEVERITY,
    _WAS_ASSIGNED,
    _NUMBER,
]
