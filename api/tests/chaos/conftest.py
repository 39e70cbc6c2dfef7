from collections.abc import Iterable
from pathlib import Path

import pytest


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    """Everything in this folder takes minutes: `make test-chaos` runs it."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.chaos)
