"""`htrdata browse`: who is answered, what the page does by keyboard, how it looks through many words, how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from htrdata.building.builder import build
from htrdata.drawing.samples.imgur5k import draw_sample
from htrdata.sources.imgur5k.source import Imgur5K
from htrdata.store.corrections import read_corrections
from tests.browser import PHONE, grave_faults, new_page, overflow

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytest.importorskip("starlette", reason="starlette is not installed: pip install 'htrdata[browse]'")
pytest.importorskip("uvicorn", reason="uvicorn is not installed: pip install 'htrdata[browse]'")


@dataclass(frozen=True)
class Served:
    """A page that is served.

    Attributes:
        address: with the token.
        corrections: the file.
        process: the command.
    """

    address: str
    corrections: Path
    process: subprocess.Popen[str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("browsed")
    draw_sample(found / "imgur5k", pages=8, words_per_page=12, megapixels=(0.1, 0.2), plain=True)
    build(Imgur5K(found / "imgur5k"), found / "lmdb", workers=1)
    rows = "\n".join(f"imgur5k/train/{word},{text},0.9" for word, text in _train_words(found)[:5])
    (found / "read.csv").write_text(f"name,text,confidence\n{rows}\n", "utf-8")
    return found


def _train_words(folder: Path) -> list[tuple[str, str]]:
    import htrdata

    return [(word.id, f"{word.text}x") for word in htrdata.open(folder / "lmdb")["train", "imgur5k"]]


@contextmanager
def served(folder: Path, *more: str, corrections: str = "c.csv") -> Iterator[Served]:
    """Runs the command until the block ends, which ends it as Ctrl-C does."""
    file = folder / corrections
    words = [sys.executable, "-m", "htrdata", "browse", str(folder / "lmdb"), "--corrections", str(file), *more]
    started = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert started.stdout is not None
        yield Served(started.stdout.readline().strip(), file, started)
    finally:
        started.send_signal(signal.SIGINT)
        started.communicate(timeout=60)
    assert started.returncode == 0


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[Served]:
    with served(folder, "--root", str(folder / "imgur5k"), "--predictions", str(folder / "read.csv")) as found:
        yield found


def asked(
    address: str, data: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, Any, dict[str, str]]:
    """Asks, and gives status, what is told, and headers."""
    request = urllib.request.Request(address, data, headers or {})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            status, body, found = answer.status, answer.read(), dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            status, body, found = error.code, error.read(), dict(error.headers)
    try:
        return status, json.loads(body), found
    except ValueError:
        return status, body, found


def test_only_who_knows_the_token_is_answered(site: Served) -> None:
    place = urlsplit(site.address)
    assert place.hostname == "127.0.0.1"
    assert len(place.path.strip("/")) >= 32
    assert asked(f"{site.address}about")[0] == 200
    for path in ("/", "/about", f"/{'x' * 32}/about", f"{place.path}../about", f"{place.path[:-2]}/about"):
        assert asked(f"http://127.0.0.1:{place.port}{path}")[0] == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "localhost"}, 200),
        ({"Host": "127.0.0.1.evil.example"}, 400),  # a name of theirs that leads here
        ({"Host": "evil.example"}, 400),
        ({"Sec-Fetch-Site": "cross-site"}, 404),
        ({"Sec-Fetch-Site": "same-site"}, 404),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
def test_pages_of_others_are_not_answered(headers: dict[str, str], status: int, site: Served) -> None:
    found, _, told = asked(f"{site.address}about", headers=headers)
    assert found == status
    assert "access-control-allow-origin" not in {header.lower() for header in told}


def test_nothing_listens_but_this_machine(site: Served) -> None:
    port = urlsplit(site.address).port
    with pytest.raises(ConnectionRefusedError), socket.create_connection((_own_address(), port), timeout=5):
        pass


def _own_address() -> str:
    """An address of this machine that is not the loopback's; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unconnected:
        try:
            unconnected.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no network")
        return str(unconnected.getsockname()[0])


@pytest.mark.parametrize(
    ("path", "data", "status"),
    [
        ("words?text=(", None, 400),
        ("words?first=x", None, 400),
        ("words?colour=red", None, 400),
        ("word/99999", None, 404),
        ("image/99999", None, 404),
        ("page/99999?show=page", None, 404),
        ("word/-1", None, 404),
        ("correct/0", b"[]", 400),
        ("correct/0", b'{"new": 3}', 400),
        ("correct/0", b"{", 400),
        ("correct/0", b'{"new": "a\\u0000"}', 400),
        ("correct/0", b'{"new": "' + b"x" * (1 << 20) + b'"}', 400),
        ("correct/0", None, 405),
        ("undo", None, 405),
        ("../browse.js", None, 404),
        ("browse.py", None, 404),
    ],
)
def test_what_is_asked_wrongly_is_refused(path: str, data: bytes | None, status: int, site: Served) -> None:
    assert asked(site.address + path, data=data)[0] == status
    assert not site.corrections.exists()


def test_answers_say_what_a_browser_may_do_with_them(site: Served) -> None:
    _, _, headers = asked(site.address)
    found = {name.lower(): value for name, value in headers.items()}
    assert "default-src 'none'" in found["content-security-policy"]
    assert found["referrer-policy"] == "no-referrer"  # the token stays here
    assert found["x-content-type-options"] == "nosniff"
    assert "server" not in found


def _shown(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector(".word .text")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 800), PHONE])
def test_the_page_is_sound_and_loads_nothing_from_elsewhere(
    scheme: Any, size: tuple[int, int], browser: Browser, site: Served
) -> None:
    with new_page(browser, scheme=scheme, size=size) as (page, heard):
        _shown(page, site.address)
        page.keyboard.press("ArrowRight")
        page.wait_for_selector("#known dt")
        page.wait_for_timeout(300)
        assert not heard.faults
        assert {urlsplit(one).netloc for one in heard.requests} == {urlsplit(site.address).netloc}
        assert not grave_faults(page)
        assert overflow(page) == 0


def test_words_are_found_corrected_flagged_and_undone_by_keyboard(browser: Browser, folder: Path) -> None:
    train, reading = _train_words(folder), ("--predictions", str(folder / "read.csv"))
    with served(folder, *reading, corrections="keys.csv") as site, new_page(browser) as (page, heard):
        _shown(page, site.address)
        for key in ("ArrowRight", "ArrowRight", "Enter"):
            page.keyboard.press(key)
        page.wait_for_timeout(400)
        assert page.get_attribute("#list", "aria-activedescendant") == "word-1"
        page.keyboard.press("Control+A")
        page.keyboard.type("mended")
        page.keyboard.press("Enter")
        page.wait_for_selector(".word.corrected")
        page.wait_for_selector("#list[aria-activedescendant=word-2]")
        page.wait_for_timeout(400)
        page.keyboard.press("f")
        page.wait_for_selector(".word.flagged")
        assert [one.new for one in read_corrections(site.corrections).corrections] == ["mended", ""]
        assert "Flagged" in page.inner_text("#status")
        page.keyboard.press("u")
        page.wait_for_selector(".word.flagged", state="detached")
        assert [one.new for one in read_corrections(site.corrections).corrections] == ["mended"]
        page.keyboard.press("/")
        page.keyboard.type("(")
        page.wait_for_selector("#fault:not(:empty)")
        assert "no regular expression" in page.inner_text("#fault")
        heard.faults.clear()  # of the refused expression, which the console tells
        page.fill("[name=text]", "")
        page.select_option("[name=differs]", "1")
        page.wait_for_selector("#status:has-text('5 of')")
        page.keyboard.press("Escape")
        page.keyboard.press("Home")
        page.wait_for_timeout(400)
        page.keyboard.press("a")  # the reading becomes the label
        page.wait_for_selector("#status:has-text('Corrected')")
        assert read_corrections(site.corrections).corrections[-1].new == train[0][1]
        assert not heard.faults


MANY = 1_000_000


def test_a_million_words_are_scrolled_with_few_in_the_document(browser: Browser, site: Served) -> None:
    """The server is told to have a million words: the page must show the right ones, with few cards."""

    def answer(route: Any) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(route.request.url).query).items()}
        first = int(query.get("first", 0))
        rows = list(range(first, min(first + int(query["count"]), MANY)))
        columns: dict[str, list[Any]] = {name: [None] * len(rows) for name in ("reason", "now")}
        columns |= {"row": [0] * len(rows), "id": [str(row) for row in rows], "label": [f"n{row}" for row in rows]}
        columns["split"] = ["train"] * len(rows)
        route.fulfill(json={"total": MANY, "first": first, "columns": columns})

    with new_page(browser) as (page, heard):
        page.route("**/words?*", answer)
        _shown(page, site.address)
        page.keyboard.press("End")
        page.wait_for_selector("text=n999999")
        page.keyboard.press("ArrowLeft")
        assert page.get_attribute("#list", "aria-activedescendant") == "word-999998"
        page.keyboard.press("Home")
        page.wait_for_selector("text=n0")
        before = page.evaluate("document.querySelector('.word').getBoundingClientRect().top")
        page.evaluate("document.getElementById('list').scrollBy(0, 60)")
        page.wait_for_timeout(500)  # a small step is as long as the wheel says, although the bar moves by more words
        assert page.evaluate("document.getElementById('word-0').getBoundingClientRect().top") == before - 60
        page.evaluate("const box = document.getElementById('list'); box.scrollTop = box.scrollHeight / 2")
        page.wait_for_timeout(500)
        shown = page.evaluate("[...document.querySelectorAll('.word')].map((card) => Number(card.dataset.place))")
        assert 490_000 < min(shown) < 510_000
        assert len(shown) < 100
        places = page.evaluate(
            "[...document.querySelectorAll('.word')].map((card) => card.getBoundingClientRect().top)"
        )
        assert min(places) > -200
        assert max(places) < 1200
        assert not heard.faults


def test_a_taken_port_and_a_wrong_store_are_named(folder: Path, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for words, code, said in (
            ([str(folder / "lmdb"), "--port", str(taken.getsockname()[1])], 73, "choose another --port"),
            ([str(tmp_path)], 2, "no data set in"),
        ):
            command = [sys.executable, "-m", "htrdata", "browse", *words]
            found = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=os.environ)
            assert said in found.stderr
            assert (found.returncode, found.stdout) == (code, "")
