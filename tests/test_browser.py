"""What the tests of pages rely on: that faults, requests, widths and what axe finds are seen where they are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.browser import PHONE, grave_faults, new_page, overflow

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SOUND = '<!doctype html><html lang="en"><title>Sound</title><main><h1>Sound</h1><p>All is well.</p></main></html>'


def opened(tmp_path: Path, html: str) -> str:
    path = tmp_path / "page.html"
    path.write_text(html, encoding="utf-8")
    return path.as_uri()


def test_of_a_sound_page_nothing_is_heard(browser: Browser, tmp_path: Path) -> None:
    with new_page(browser, scheme="dark", size=PHONE) as (page, heard):
        page.goto(address := opened(tmp_path, SOUND))
        assert page.evaluate("() => matchMedia('(prefers-color-scheme: dark)').matches")
        assert (heard.faults, heard.requests) == ([], [address])
        assert not grave_faults(page)
        assert overflow(page) == 0


def test_what_is_wrong_with_a_page_is_seen(browser: Browser, tmp_path: Path) -> None:
    body = '<img src="gone.png"><div style="width:5000px">wide</div><script>console.error("no"); lost()</script>'
    with new_page(browser) as (page, heard):
        page.goto(opened(tmp_path, f"<title>x</title>{body}"))
        page.wait_for_load_state("networkidle")
        assert {"no", "lost is not defined"} <= set(heard.faults)
        assert any(address.endswith("gone.png") for address in heard.requests)
        assert any(fault.startswith("image-alt") for fault in grave_faults(page))
        assert overflow(page) > 1000
