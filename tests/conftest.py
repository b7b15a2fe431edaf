"""What every level of tests shares: their order, golden files, compared to the letter, and a browser that opens reports."""

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

TESTS = Path(__file__).parent
GOLDEN = TESTS / "golden"
# Where the seconds are: begun first, so that no processor is left alone with them at the end.
_LONG = ("container/", "examples/", "pipeline/", "unit/statistics/test_calibration.py", "browser/")
# Files that share what takes minutes to make: the action's image, the demo's pull requests, gated.
_TOGETHER = {
    "container": ("container/test_action.py", "container/test_escapes.py", "container/test_image.py"),
    "demo": ("examples/test_demo.py", "examples/test_calibrated_iris.py", "examples/test_remediations.py"),
}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regenerate-golden", action="store_true", help="write the golden files anew; review them with git diff")


class ByFile(LoadFileScheduling):
    """A file's tests run in one process, so that its fixtures are made once; some files' tests do together."""

    def _split_scope(self, nodeid: str) -> str:
        scope: str = super()._split_scope(nodeid)
        return next((name for name, files in _TOGETHER.items() if scope.removeprefix("tests/") in files), scope)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    config.option.loadscopereorder = False  # it would begin with the files of most tests, which are the fastest
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    path = item.path.relative_to(TESTS).as_posix()
    return next((n for n, start in enumerate(_LONG) if path.startswith(start)), len(_LONG))


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


_BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
_GATES = """() => [...document.querySelectorAll('article[data-gate]')].map(a => ({
    pilot: a.closest('section').querySelector('h2').firstChild.textContent.trim(), ...a.dataset}))"""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a browser saw of a page: what it complained of, what it asked for, and how far the page is wider than the window.

    `paper` is the colour of its ground when it is printed from a dark screen.
    """

    complaints: tuple[str, ...]
    requests: tuple[str, ...]
    overflow: int
    paper: str
    violations: tuple[str, ...]
    gates: tuple[dict[str, str], ...]


@pytest.fixture
def look() -> Iterator[Callable[[Path], Seen]]:
    """Opens a page in headless Chromium, as wide as a phone, in light and dark; skips, saying so, where there is none.

    `CHROME` names the browser where that must not be left to chance: then it has to exist.
    """
    executable = os.environ.get("CHROME") or next(filter(None, map(shutil.which, _BROWSERS)), None)
    if executable is None:
        pytest.skip(f"no headless browser: none of {', '.join(_BROWSERS)} is on PATH, and CHROME is not set")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 -- takes a second that few tests need

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable)

        def open_page(path: Path) -> Seen:
            context = browser.new_context(viewport={"width": 360, "height": 800}, color_scheme="light")
            try:
                return _see(context.new_page(), path)
            finally:
                context.close()

        yield open_page
        browser.close()


def _see(page: Any, path: Path) -> Seen:
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415 -- as above

    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.absolute().as_uri())
    # Folded parts are read by somebody, too.
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    found = Axe().run(page, options={"runOnly": _STANDARDS}).response["violations"]
    page.emulate_media(color_scheme="dark")
    found += page.evaluate("() => axe.run({runOnly: ['color-contrast']})")["violations"]
    root = "document.documentElement"
    overflow = page.evaluate(f"{root}.scrollWidth - {root}.clientWidth")
    page.emulate_media(color_scheme="dark", media="print")
    return Seen(
        complaints=tuple(complaints),
        requests=tuple(url for url in requests if url != path.absolute().as_uri()),
        overflow=overflow,
        paper=page.evaluate("getComputedStyle(document.body).backgroundColor"),
        violations=tuple(f"{v['id']}: {n['html']}: {n['failureSummary']}" for v in found for n in v["nodes"]),
        gates=tuple(page.evaluate(_GATES)),
    )
