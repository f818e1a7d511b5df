"""
A real Chromium, which opens pages that are files and must ask for nothing else.

It is the machine's own: ``apt-get install chromium``. The tests are run in an environment of their own:
``nox -s browser``.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import sync_playwright

from marginbook.output import page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from marginbook.output import View

    Opens = Callable[..., Page]


def executable() -> str:
    """
    Return where Chromium is. These tests are never skipped: a page that nobody opened is not tested.
    """
    found = shutil.which("chromium")
    if found is None:
        pytest.fail("There is no chromium on the path, which these tests open the page in: apt-get install chromium.")
    return found


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """
    One browser for all tests; each page has a profile of its own.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opens(chromium: Browser, tmp_path: Path) -> Iterator[Opens]:
    """
    Opens a view: ``opens(view, **options of the browser's context)``. Complaints and requests fail the test at its end.
    """
    path = tmp_path / "report.html"
    heard: list[str] = []
    asked: list[str] = []

    def open_(view: View, *, at: Any = None, **options: Any) -> Page:
        path.write_text(page.write(view), "utf-8")
        context = chromium.new_context(offline=True, **options)
        tab = context.new_page()
        tab.on("console", lambda message: heard.append(message.text))
        tab.on("pageerror", lambda error: heard.append(str(error)))
        tab.on("request", lambda request: asked.append(request.url))
        if at is not None:
            tab.clock.set_fixed_time(at)
        tab.goto(path.as_uri())
        return tab

    yield open_
    for context in chromium.contexts:
        context.close()
    assert [] == heard
    assert {path.as_uri()} == set(asked)
