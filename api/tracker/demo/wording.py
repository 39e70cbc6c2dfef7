"""Titles, descriptions and comments of the demo, put together by a seeded random."""

from collections.abc import Sequence
from random import Random

from tracker.demo.areas import Topic, slots_of
from tracker.models import Severity

WISH_TAG, CHORE_TAG = "enhancement", "chore"

_IMPACTS = (
    "We see this about {number} times a week.",
    "{hotel} called twice about it today.",
    "Only some accounts are affected; we could not find out why.",
    "It worked until the release of last week.",
    "There is a workaround, but new colleagues don't know it.",
    "No money is lost, but it costs the front desk ten minutes each time.",
)
_EXPECTATIONS = (
    "No error, and the data that was entered.",
    "The same result as on the desktop.",
    "A clear message that says what to do.",
    "That it simply works, as it does for the other hotels.",
)
_REASONS = (
    "guests ask for it nearly every day",
    "we do it by hand now and make mistakes",
    "our competitors have it, and two prospects named it as a reason",
    "it would save the front desk an hour a day",
)
_SCOPES = (
    "Nothing changes for users.",
    "Half a day of work if we do it now; it only grows.",
    "Needs a short maintenance window, so let us plan it with support.",
)


class Subject:
    """What one issue is about: its title, description and comments name the same hotel, browser and so on."""

    def __init__(self, random: Random, topic: Topic) -> None:
        self._random = random
        self._values = topic.values | {"number": str(random.randint(120, 980))}
        self.area = topic.area
        self.kind = topic.kind
        self.title = self._filled(topic.title)

    def _filled(self, template: str) -> str:
        return template.format(**{name: self._values[name] for name in slots_of(template)})

    def repeat(self, other: "Subject") -> None:
        """Becomes about the same as another, as somebody else tells it."""
        self.area, self.kind = other.area, other.kind
        self.title = f"{other.title} (also: {self._values['hotel']}, {self._values['device']})"

    def severity(self) -> Severity:
        weights = {"bug": (15, 45, 30, 10), "wish": (50, 45, 5, 0), "chore": (45, 45, 10, 0)}[self.kind]
        return self._random.choices(list(Severity), weights)[0]

    def tags(self) -> list[str]:
        tags = [self.area.tag]
        if self.kind != "bug":
            tags.append(WISH_TAG if self.kind == "wish" else CHORE_TAG)
        elif self._chance(0.2):
            tags.append("regression")
        if self._chance(0.12):
            tags.append(self._random.choice(("good first issue", "needs design", "customer")))
        return tags

    def description(self) -> str:
        return {"bug": self._bug_report, "wish": self._wish, "chore": self._chore}[self.kind]()

    def _bug_report(self) -> str:
        choose = self._random.choice
        steps = "\n".join(f"{position}. {self._filled(step)}" for position, step in enumerate(self.area.steps, 1))
        parts = [
            self._filled(choose(_IMPACTS)),
            f"## Steps\n\n{steps}",
            f"**Expected:** {choose(_EXPECTATIONS)}",
        ]
        if self._chance(0.55):
            parts.append(f"From the log:\n\n```text\n{self._filled(self.area.log)}\n```")
        if self._chance(0.35):
            rows = f"| Browser | {self._values['browser']} |\n| Hotel | {self._values['hotel']} |"
            parts.append(f"| | |\n| --- | --- |\n{rows}\n| Version | 4.{self._random.randint(8, 19)}.0 |")
        return "\n\n".join(parts)

    def _wish(self) -> str:
        checks = self._random.sample(
            [
                "works on phones, too",
                "texts are translated",
                "can be switched off for each hotel",
                "described in the help pages",
                "front desk of {hotel} has tried it",
            ],
            3,
        )
        done = "\n".join(f"- [ ] {self._filled(check)}" for check in checks)
        return f"{self.title}, because {self._random.choice(_REASONS)}.\n\n## Done when\n\n{done}"

    def _chore(self) -> str:
        return f"{self._random.choice(_SCOPES)}\n\n> Came up in the retrospective; nobody objected."

    def confirmation(self) -> str:
        return self._one_of(
            "I can reproduce it with {browser} on staging.",
            "Confirmed, also for {hotel}. Thanks for the clear steps!",
            "Happens here, too: every time on {device}, only now and then on the desktop.",
            "Not with my account, but with the one of {hotel}. Looking into it.",
        )

    def question(self) -> str:
        return self._one_of(
            "Which version do you use? It is at the bottom of *Settings → About*.",
            "Does it also happen in a private window, without extensions?",
            "Can you send me the time of one of these, so that I find it in the log?",
            "How often do you need this? A number would help us to order the list.",
        )

    def answer(self) -> str:
        return self._one_of(
            "4.{number}, on {browser}. In a private window as well.",
            "Yesterday at about 16:20, for a guest of {hotel}.",
            "Two or three times a day in season, less in winter.",
            "It happens to my colleague as well, so it isn't my computer.",
        )

    def finding(self) -> str:
        if self.kind != "bug":
            return self._one_of(
                "Talked about it in planning: small version first, the rest when people use it.",
                "First draft is on staging. Please have a look, above all at {hotel}'s account.",
                "I split the work: model and migration this week, the page next week.",
            )
        cause = self._filled(self._random.choice(self.area.causes))
        return f"Found it: {cause}.\n\n```text\n{self._filled(self.area.log)}\n```\n\nThe fix is small; the test for it is longer."

    def done(self) -> str:
        commit = f"{self._random.getrandbits(28):07x}"
        return self._one_of(
            f"Merged in `{commit}`, goes out with the next release.",
            f"Fixed in `{commit}` and deployed. Please check it on your side.",
            "Done and live since noon.",
        )

    def reopening(self) -> str:
        return self._one_of(
            "Sorry, it still happens on {browser}.",
            "Better, but not gone: with {hotel} I got it again this morning.",
            "The fix works for new bookings only. Old ones still show it.",
        )

    def cancellation(self) -> str:
        return self._one_of(
            "Works as intended: the rule is described in the help pages. I'll make the text clearer.",
            "We will not do this; the new calendar replaces that page in autumn.",
            "No answer for a while and nobody else sees it. Please reopen with a comment if it comes back.",
        )

    def chatter(self) -> str:
        return self._one_of(
            "+1 from {hotel}.",
            "Same here since Monday.",
            "Any news on this? High season starts soon.",
            "Thanks, much better already!",
            "I'd take this one after the release.",
        )

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _one_of(self, *templates: str) -> str:
        return self._filled(self._random.choice(templates))


JUNK: Sequence[tuple[str, str]] = (
    ("test", "test test"),
    ("asdf", ""),
    ("CHEAP HOTEL BACKLINKS!!! Best prices", "Visit our page for **best** backlinks."),
    ("Please ignore, testing notifications", "Will be deleted."),
    ("Printer on the second floor", "Out of toner again. Wrong tracker, sorry."),
)
"""Titles and descriptions of what ends in the trash."""
