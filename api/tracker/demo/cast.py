"""The people of the demo."""

from dataclasses import dataclass

from tracker.models import Role


@dataclass(frozen=True, slots=True)
class Player:
    email: str
    full_name: str
    role: Role
    password: str | None = None
    """None for those who only fill the stage: nobody knows theirs."""
    left: bool = False
    """Not with the team any more, by the end of the story."""

    @property
    def is_staff(self) -> bool:
        return self.role is not Role.REPORTER


ADMIN = Player("admin@example.com", "Nora Lindqvist", Role.ADMIN, "admin123")
MAINTAINER = Player("maintainer@example.com", "Tomás Rivera", Role.MAINTAINER, "maintainer123")
REPORTER = Player("reporter@example.com", "Priya Nair", Role.REPORTER, "reporter123")

DEVELOPERS = (
    MAINTAINER,
    Player("jonas.weber@example.com", "Jonas Weber", Role.MAINTAINER),
    Player("mei.tanaka@example.com", "Mei Tanaka", Role.MAINTAINER),
    Player("olu.adeyemi@example.com", "Olu Adeyemi", Role.MAINTAINER),
    Player("piet.devries@example.com", "Piet de Vries", Role.MAINTAINER, left=True),
)
CUSTOMERS = (
    REPORTER,
    Player("hannah.fischer@example.com", "Hannah Fischer", Role.REPORTER),
    Player("samuel.okafor@example.com", "Samuel Okafor", Role.REPORTER),
    Player("lucia.fernandez@example.com", "Lucía Fernández", Role.REPORTER),
    Player("grace.kim@example.com", "Grace Kim", Role.REPORTER),
    Player("lukasz.nowak@example.com", "Łukasz Nowak", Role.REPORTER),
)
CAST = (ADMIN, *DEVELOPERS, *CUSTOMERS)
