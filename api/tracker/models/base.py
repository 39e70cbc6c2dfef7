"""What every table shares."""

from enum import StrEnum

from advanced_alchemy.base import CommonTableAttributes, create_registry
from sqlalchemy import Enum
from sqlalchemy.orm import DeclarativeBase


class Base(CommonTableAttributes, DeclarativeBase):
    """Declarative base on a registry of our own, with advanced-alchemy's naming convention for constraints."""

    __abstract__ = True
    registry = create_registry()


def native_enum(choices: type[StrEnum], name: str) -> Enum:
    """A PostgreSQL enum of the members' values, which then sort in the order of declaration."""
    return Enum(choices, name=name, values_callable=_values)


def _values(choices: type[StrEnum]) -> list[str]:
    return [choice.value for choice in choices]
