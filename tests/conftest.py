"""What every level of tests shares: golden files, compared to the letter, and written anew on request."""

from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regenerate-golden", action="store_true", help="write the golden files anew; review them with git diff")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with `tests/golden/<name>`."""

    def compare(name: str, actual: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--regenerate-golden"):
            path.write_text(actual, encoding="utf-8", newline="")
        assert path.is_file(), f"{path.name} is missing: run pytest --regenerate-golden, then review it"
        assert path.read_bytes().decode() == actual

    return compare
