"""Pages in headless Chromium: opened as a reader opens them, listened to, and judged by axe.

`make browser` sets it up. Where there is none, the tests that need it are skipped, and say so.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SETUP = "`make browser` sets up headless Chromium"
DESKTOP, PHONE = (1280, 800), (390, 844)
GRAVE = ("serious", "critical")
"""Faults of accessibility, as axe ranks them, that no page of ours may have."""

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "chrome")


@contextmanager
def launched() -> Iterator[Browser]:
    """Headless Chromium, or a skipped test with the reason.

    Playwright's loop runs as long as it does: nothing else may use asyncio meanwhile, so it is for a module, not for a
    session.
    """
    sync_api = pytest.importorskip("playwright.sync_api", reason=f"playwright is not installed: {SETUP}")
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        pytest.skip(f"no Chromium on this machine: {SETUP}")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"])
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Heard:
    """What a page did that no reader sees.

    Attributes:
        faults: what went wrong in it: errors on its console, exceptions, requests that failed.
        requests: the addresses that it asked for, without those of data within it.
    """

    faults: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@contextmanager
def new_page(
    browser: Browser,
    *,
    scheme: Literal["light", "dark"] = "light",
    size: tuple[int, int] = DESKTOP,
    javascript: bool = True,
) -> Iterator[tuple[Page, Heard]]:
    """An empty page with nothing remembered, and what is heard of it.

    Args:
        browser: `launched`.
        scheme: what the reader's system prefers.
        size: of the window in CSS pixels; `PHONE` has a finger in place of a mouse.
        javascript: whether it runs.
    """
    width, height = size
    context = browser.new_context(
        color_scheme=scheme,
        viewport={"width": width, "height": height},
        has_touch=size == PHONE,
        is_mobile=size == PHONE,
        device_scale_factor=2 if size == PHONE else 1,
        java_script_enabled=javascript,
    )
    heard = Heard()
    page = context.new_page()
    page.on("console", lambda said: heard.faults.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: heard.faults.append(str(error)))
    page.on("requestfailed", lambda request: heard.faults.append(f"failed: {request.url[:200]}"))
    page.on("request", lambda one: None if one.url.startswith("data:") else heard.requests.append(one.url))
    try:
        yield page, heard
    finally:
        context.close()


def grave_faults(page: Page) -> list[str]:
    """What axe finds `GRAVE` in a page: the rule, what it asks for, and the first place."""
    package = pytest.importorskip("axe_playwright_python", reason=f"axe is not installed: {SETUP}")
    page.evaluate(Path(package.__file__).with_name("axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("() => axe.run({resultTypes: ['violations']})")
    return [
        f"{one['id']} ({one['impact']}): {one['help']}; {len(one['nodes'])} places, first {one['nodes'][0]['html']}"
        for one in found["violations"]
        if one["impact"] in GRAVE
    ]


def overflow(page: Page) -> int:
    """CSS pixels by which a page is wider than its window: a reader would have to scroll it sideways."""
    wider: int = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wider
