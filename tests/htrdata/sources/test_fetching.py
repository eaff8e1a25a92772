"""Fetching from servers that misbehave in every way that was thought of; each way has its row in `WAYS`."""

from __future__ import annotations

import csv
import dataclasses
import gzip
import hashlib
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

pytest.importorskip("httpx2")
pytest.importorskip("tenacity")

from htrdata.errors import CannotCreateError, LockedError, UsageError
from htrdata.sources.drawn import MARK
from htrdata.sources.fetching.asking import open_client
from htrdata.sources.fetching.hosts import Places, Politeness, seconds_of
from htrdata.sources.fetching.session import Manner, open_session
from htrdata.sources.fetching.survival import COLUMNS, SURVIVAL
from htrdata.sources.fetching.wanted import FINAL, Digest, FileOutcome, Status, Wanted

from .unruly_server import Behaviour, Exchange, Unruly, WayToServer, unruly_server

PAGE = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 40 + b"\xff\xd9"
OTHER = PAGE[:-300] + b"other" + PAGE[-300:]
TOMBSTONE = b"\x89PNG the image you are requesting does not exist"
HTML = b"<!DOCTYPE html><title>imgur</title>"
LIMIT = 4 << 20
BIG = hashlib.shake_256(b"big").digest(3 << 20)

PLACES = Places(
    hosts=frozenset({"i.imgur.com", "zenodo.org"}),
    removed=frozenset({"i.imgur.com/removed.png"}),
    tombstones=frozenset({hashlib.md5(TOMBSTONE).hexdigest()}),
)
HURRIED = Politeness(rate=2000, attempts=3, backoff=0.01, longest_backoff=0.02, timeout=20, patience=1000)
SOON = 0.25
"""Seconds after which a silence is one: for tests of that alone, as on a busy machine any answer may take as long."""


@pytest.fixture
def server() -> Iterator[Unruly]:
    with unruly_server() as server:
        yield server


def wanted(name: str, content: bytes = PAGE, words: int = 7) -> Wanted:
    digest = Digest("md5", hashlib.md5(content).hexdigest())
    return Wanted(f"images/{name}.jpg", f"https://i.imgur.com/{name}.jpg", digest, LIMIT, ("val",), words)


def fetch(
    root: Path, server: Unruly, files: list[Wanted], politeness: Politeness = HURRIED, **manner: object
) -> dict[str, FileOutcome]:
    asked = Manner(politeness=politeness, transport=WayToServer(server.port), **manner)  # type: ignore[arg-type]
    with open_session(root, PLACES, asked) as session:
        return session.fetch(files, "pages")


def rows(root: Path) -> dict[str, dict[str, str]]:
    with (root / SURVIVAL).open(encoding="utf-8", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def answers(*bodies: bytes, code: int = 200, **headers: str) -> Behaviour:
    """Gives one body after the other, and the last one from then on."""
    return lambda exchange: exchange.answer(bodies[min(exchange.number, len(bodies)) - 1], code, **headers)


def leads_to(place: str, code: int = 302) -> Behaviour:
    return lambda exchange: exchange.answer(b"", code, Location=place)


def first(times: int, behaviour: Behaviour) -> Behaviour:
    """Misbehaves so many times, and then no more."""
    return lambda exchange: (behaviour if exchange.number <= times else answers(PAGE))(exchange)


def raw(data: bytes, seconds: float = 0.0) -> Behaviour:
    """Sends bytes as they are, waits, and hangs up."""

    def behave(exchange: Exchange) -> None:
        exchange.send(data)
        time.sleep(seconds)
        exchange.hang_up()

    return behave


def head(code: int = 200, **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {code} X", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


def drip(exchange: Exchange) -> None:
    """An answer that is never silent for long and never comes to an end."""
    exchange.send(head(Content_Length=str(len(PAGE))))
    for byte in PAGE:
        exchange.send(bytes([byte]))
        time.sleep(0.02)


def flood(exchange: Exchange) -> None:
    """More than was ever wanted, in chunks without an end."""
    exchange.send(head(Transfer_Encoding="chunked"))
    for _ in range(4 * LIMIT // 65536):
        exchange.send(b"10000\r\n" + bytes(65536) + b"\r\n")


def reset(exchange: Exchange) -> None:
    exchange.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    exchange.connection.close()
    exchange.hang_up()


LENGTH = str(len(PAGE))


@dataclass(frozen=True)
class Way:
    """A way to misbehave, what is to become of the page, how often it is asked for within a run, and for how long."""

    behaviour: Behaviour
    status: Status
    requests: int = 1
    detail: str = ""
    timeout: float = HURRIED.timeout


WAYS: dict[str, Way] = {
    "as it should be": Way(answers(PAGE), Status.KEPT),
    "as it should be, called something else": Way(answers(PAGE, Content_Type="text/html"), Status.KEPT),
    "in chunks": Way(
        raw(head(Transfer_Encoding="chunked") + b"%x\r\n%b\r\n0\r\n\r\n" % (len(PAGE), PAGE)), Status.KEPT
    ),
    "404": Way(answers(HTML, code=404), Status.MISSING, detail="HTTP 404"),
    "410": Way(answers(b"", code=410), Status.MISSING),
    "401": Way(answers(b"", code=401), Status.REFUSED),
    "403": Way(answers(HTML, code=403), Status.REFUSED),
    "451": Way(answers(HTML, code=451), Status.REFUSED, detail="HTTP 451"),
    "429 once": Way(first(1, answers(b"", code=429)), Status.KEPT, 2),
    "429 once, with seconds": Way(first(1, answers(b"", code=429, Retry_After="0")), Status.KEPT, 2),
    "429 once, with a date": Way(
        first(1, answers(b"", code=429, Retry_After="Sun, 06 Nov 1994 08:49:37 GMT")), Status.KEPT, 2
    ),
    "429 once, with nonsense": Way(first(1, answers(b"", code=429, Retry_After="soon \xb2")), Status.KEPT, 2),
    "429 for ever": Way(answers(b"", code=429), Status.RATE_LIMITED, 3, "HTTP 429"),
    "500 once": Way(first(1, answers(HTML, code=500)), Status.KEPT, 2),
    "502 twice": Way(first(2, answers(HTML, code=502)), Status.KEPT, 3),
    "503 for ever": Way(answers(HTML, code=503), Status.SERVER_ERROR, 3, "HTTP 503"),
    "408": Way(answers(b"", code=408), Status.SERVER_ERROR, 3),
    "silence": Way(lambda exchange: time.sleep(0.6), Status.TIMEOUT, 3, "no answer in time, before the answer", SOON),
    "silence once": Way(first(1, raw(b"", 0.4)), Status.KEPT, 2, timeout=SOON),
    "silence in the middle": Way(
        raw(head(Content_Length=LENGTH) + PAGE[:999], 0.6),
        Status.TIMEOUT,
        3,
        "no answer in time, within the answer",
        SOON,
    ),
    "a byte now and then": Way(drip, Status.TIMEOUT, 3, "bytes in 0 seconds", SOON),
    "cut short": Way(raw(head(Content_Length=LENGTH) + PAGE[:999]), Status.TRUNCATED, 3, "within the answer"),
    "cut short once": Way(first(1, raw(head(Content_Length=LENGTH) + PAGE[:999])), Status.KEPT, 2),
    "cut short in a chunk": Way(raw(head(Transfer_Encoding="chunked") + b"ffff\r\n" + PAGE[:999]), Status.TRUNCATED, 3),
    "cut short, of unknown length": Way(
        raw(head(Connection="close") + PAGE[:999]), Status.TRUNCATED, 3, "it ended after 999 bytes"
    ),
    "nothing, of unknown length": Way(raw(head(Connection="close")), Status.TRUNCATED, 3, "ended after 0 bytes"),
    "nothing at all": Way(raw(b""), Status.STRANGE_ANSWER, 3),
    "an empty file": Way(answers(b""), Status.TRUNCATED, 3),
    "a connection that breaks": Way(reset, Status.UNREACHABLE, 3),
    "fewer bytes announced than come": Way(
        lambda exchange: exchange.answer(PAGE, Content_Length="5000"), Status.TRUNCATED, 3
    ),
    "more bytes announced than come": Way(
        raw(head(Content_Length=str(len(PAGE) + 1)) + PAGE), Status.TRUNCATED, 3, "within the answer"
    ),
    "two lengths": Way(raw(head(Content_Length="5") + b"", 0), Status.TRUNCATED, 3),
    "a length that is none": Way(raw(head(Content_Length="-1") + PAGE), Status.STRANGE_ANSWER, 3),
    "led to removed.png": Way(leads_to("https://i.imgur.com/removed.png"), Status.REMOVED, detail="removed.png"),
    "led to removed.png, without scheme": Way(leads_to("//i.imgur.com/removed.png"), Status.REMOVED),
    "led to removed.png, by http": Way(leads_to("http://i.imgur.com/removed.png"), Status.REMOVED),
    "led to removed.png, by its path": Way(leads_to("/removed.png", 301), Status.REMOVED),
    "led on to removed.png": Way(leads_to("/on.png"), Status.REMOVED),
    "the picture for removed ones": Way(answers(TOMBSTONE), Status.REMOVED, detail="the picture for removed images"),
    "led to another address of the host": Way(leads_to("/page.png", 307), Status.KEPT),
    "a web page": Way(answers(HTML, Content_Type="text/html"), Status.WEB_PAGE),
    "a web page that is called a picture": Way(
        answers(b"\xef\xbb\xbf\r\n" + HTML, Content_Type="image/jpeg"), Status.WEB_PAGE
    ),
    "another picture": Way(answers(OTHER), Status.HASH_MISMATCH, detail=hashlib.md5(OTHER).hexdigest()),
    "too much, as announced": Way(
        raw(head(Content_Length=str(LIMIT + 1)) + PAGE), Status.TOO_LARGE, detail="4,194,305 bytes announced"
    ),
    "too much, as it comes": Way(flood, Status.TOO_LARGE, detail="more than 4,194,304 bytes came"),
    "a bomb": Way(answers(gzip.compress(bytes(64 << 20)), Content_Encoding="gzip"), Status.HASH_MISMATCH),
    "led to this machine": Way(leads_to("https://127.0.0.1/x.jpg"), Status.REDIRECTED, detail="not followed"),
    "led to this machine, by http": Way(leads_to("http://127.0.0.1:80/"), Status.REDIRECTED),
    "led to the cloud's secrets": Way(leads_to("http://169.254.169.254/latest/meta-data/"), Status.REDIRECTED),
    "led to a file": Way(leads_to("file:///etc/passwd"), Status.REDIRECTED, detail="file:///etc/passwd"),
    "led to another host": Way(leads_to("https://example.org/x.jpg"), Status.REDIRECTED),
    "led to a host of a like name": Way(leads_to("https://i.imgur.com.example.org/"), Status.REDIRECTED),
    "led to another port": Way(leads_to("https://i.imgur.com:8443/x.jpg"), Status.REDIRECTED),
    "led on with a password": Way(leads_to("https://i.imgur.com@example.org/"), Status.REDIRECTED),
    "led on with a user": Way(leads_to("https://me:secret@i.imgur.com/x.jpg"), Status.REDIRECTED),
    "led from https to http": Way(leads_to("http://i.imgur.com/page.png"), Status.REDIRECTED),
    "led to no address": Way(leads_to("https://[::1"), Status.REDIRECTED, detail="no address"),
    "led to a port that is none": Way(leads_to("https://i.imgur.com:x/"), Status.REDIRECTED, detail="no address"),
    "led round in circles": Way(leads_to("/circle.png"), Status.REDIRECTED, detail="led on 4 times"),
    "led nowhere": Way(answers(b"", code=302), Status.STRANGE_ANSWER, detail="HTTP 302"),
    "no HTTP": Way(raw(b"SSH-2.0-OpenSSH_9.2\r\n"), Status.STRANGE_ANSWER, 3),
    "no content": Way(raw(head(204)), Status.STRANGE_ANSWER),
    "a part that nobody asked for": Way(
        answers(PAGE, code=206, Content_Range=f"bytes 0-{len(PAGE) - 1}/{len(PAGE)}"), Status.STRANGE_ANSWER
    ),
    "headers without an end": Way(
        lambda exchange: exchange.send(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200_000), Status.STRANGE_ANSWER, 3
    ),
}


@pytest.mark.parametrize("name", WAYS)
def test_a_way_to_misbehave(name: str, server: Unruly, tmp_path: Path) -> None:
    way, page = WAYS[name], wanted("aB3dE")
    place = "i.imgur.com/aB3dE.jpg"
    server.behaviours = {
        place: way.behaviour,
        "i.imgur.com/on.png": leads_to("/removed.png"),
        "i.imgur.com/page.png": answers(PAGE),
        "i.imgur.com/circle.png": leads_to("/circle.png"),
    }
    outcome = fetch(tmp_path, server, [page], dataclasses.replace(HURRIED, timeout=way.timeout))[page.name]
    assert (outcome.status, server.asked[place]) == (way.status, way.requests), outcome
    assert way.detail in outcome.detail
    kept = way.status is Status.KEPT
    if kept:
        assert (tmp_path / page.name).read_bytes() == PAGE
        assert (outcome.bytes, outcome.sha256) == (len(PAGE), hashlib.sha256(PAGE).hexdigest())
    # Nothing else has a name, a final one least of all.
    assert [path.name for path in (tmp_path / "images").iterdir()] == (["aB3dE.jpg"] if kept else [])
    row = rows(tmp_path)[page.name]
    assert (row["status"], row["splits"], row["words"]) == (way.status, "val", "7")
    assert {host for host, _ in (asked.split("/", 1) for asked in server.asked)} == {"i.imgur.com"}
    # Another run asks again for what may have been of the moment, and for nothing else.
    server.log.clear()
    server.behaviours = {place: answers(PAGE)}
    again = fetch(tmp_path, server, [page])[page.name]
    if way.status in FINAL:
        assert (server.asked.total(), again) == (0, outcome)
        assert fetch(tmp_path, server, [page], again=True)[page.name].status is Status.KEPT
    else:
        assert (server.asked.total(), again.status) == (1, Status.KEPT)


def test_a_server_that_sends_more_than_it_announced_spoils_no_other_page(server: Unruly, tmp_path: Path) -> None:
    server.behaviours = {
        f"i.imgur.com/page{number}.jpg": answers(PAGE + HTML, Content_Length=LENGTH) for number in range(20)
    }
    # What is too much stands before the next answer on that connection, which is therefore given up.
    patient = dataclasses.replace(HURRIED, attempts=20)
    found = fetch(tmp_path, server, [wanted(f"page{number}") for number in range(20)], patient)
    assert {outcome.status for outcome in found.values()} == {Status.KEPT}


def test_a_host_is_asked_at_its_pace_and_by_four_at_once(server: Unruly, tmp_path: Path) -> None:
    pages = [wanted(f"page{number:02}") for number in range(16)]

    def slow(exchange: Exchange) -> None:
        time.sleep(0.15)
        exchange.answer(PAGE)

    server.behaviours = {page.url.removeprefix("https://"): slow for page in pages}
    fetch(tmp_path, server, pages, Politeness(agent="htrdata/0 (tests)", rate=50))
    times = [moment for _, moment in server.log]
    assert times[-1] - times[0] > 15 / 50 * 0.9
    assert server.most == 4
    assert {headers["user-agent"] for headers in server.headers} == {"htrdata/0 (tests)"}
    assert {headers["accept-encoding"] for headers in server.headers} == {"identity"}


@pytest.mark.parametrize("dated", [False, True])
def test_a_pause_that_a_host_asks_for_holds_for_all_pages(dated: bool, server: Unruly, tmp_path: Path) -> None:
    pages = [wanted(f"page{number}") for number in range(6)]
    server.behaviours = {page.url.removeprefix("https://"): answers(PAGE) for page in pages}

    def refuse(exchange: Exchange) -> None:
        # A date has whole seconds.
        date = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
        exchange.answer(b"", 429, Retry_After=date if dated else "1")

    server.behaviours["i.imgur.com/page0.jpg"] = first(1, refuse)
    found = fetch(tmp_path, server, pages, Politeness(rate=2000, connections=1, backoff=0.01))
    assert {outcome.status for outcome in found.values()} == {Status.KEPT}
    assert server.log[1][1] - server.log[0][1] > 0.9


def test_a_host_that_has_had_too_much_is_asked_less_often(server: Unruly, tmp_path: Path) -> None:
    pages = [wanted(f"page{number}") for number in range(4)]
    server.behaviours = {page.url.removeprefix("https://"): answers(PAGE) for page in pages}
    server.behaviours["i.imgur.com/page0.jpg"] = first(3, answers(b"", code=429))
    fetch(tmp_path, server, pages, Politeness(rate=50, connections=1, backoff=0.001))
    gaps = [after - before for (_, before), (_, after) in zip(server.log[3:], server.log[4:], strict=False)]
    assert min(gaps) > 8 / 50 * 0.9 * 0.98**3


def test_a_host_that_wants_to_be_left_alone_for_long_is(server: Unruly, tmp_path: Path) -> None:
    pages = [wanted(f"page{number}") for number in range(30)]
    server.behaviours = {
        page.url.removeprefix("https://"): answers(b"", code=429, Retry_After="86400") for page in pages
    }
    found = fetch(tmp_path, server, pages)
    assert server.asked.total() <= 4
    assert {outcome.status for outcome in found.values()} <= {Status.NOT_TRIED, Status.RATE_LIMITED}
    assert found["images/page29.jpg"].detail == "i.imgur.com wants to be left alone for 86,400 seconds"


@pytest.mark.parametrize("behaviour", [answers(HTML, code=503), answers(HTML, code=403), answers(HTML)])
def test_a_host_that_fails_all_the_time_is_left_alone(behaviour: Behaviour, server: Unruly, tmp_path: Path) -> None:
    pages = [wanted(f"page{number:03}") for number in range(200)]
    server.behaviours = {page.url.removeprefix("https://"): behaviour for page in pages}
    server.behaviours["i.imgur.com/page000.jpg"] = answers(PAGE)  # it has answered once
    found = fetch(tmp_path, server, pages, Politeness(rate=2000, attempts=3, backoff=0.001))
    assert 20 < server.asked.total() < 40  # some before the one that is answered, and some under way at the end
    assert found["images/page000.jpg"].status is Status.KEPT
    assert "i.imgur.com was left alone after 20 failures in a row" in found["images/page199.jpg"].detail


def test_without_a_network_few_questions_are_asked(server: Unruly, tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        server.port = unused.getsockname()[1]  # nobody listens there
        pages = [wanted(f"page{number}") for number in range(50)]
        began = time.monotonic()
        found = fetch(tmp_path, server, pages, Politeness(rate=2000, backoff=0.01))
    assert {outcome.status for outcome in found.values()} <= {Status.NOT_TRIED, Status.UNREACHABLE}
    assert "refused" in found["images/page49.jpg"].detail
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("7", 7),
        (" 12 ", 12),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("9" * 5000, 999999999),
    ],
)
def test_what_retry_after_says(text: str | None, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


def test_a_file_that_is_there_is_not_asked_for(server: Unruly, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images/aB3dE.jpg").write_bytes(PAGE)
    outcome = fetch(tmp_path, server, [wanted("aB3dE")])["images/aB3dE.jpg"]
    assert (outcome.status, outcome.sha256, server.asked.total()) == (Status.KEPT, hashlib.sha256(PAGE).hexdigest(), 0)


@pytest.mark.parametrize("there", [OTHER, HTML, PAGE[:99], b""])
def test_another_file_of_that_name_gives_way_to_the_right_one_alone(
    there: bytes, server: Unruly, tmp_path: Path
) -> None:
    page = wanted("aB3dE")
    (tmp_path / "images").mkdir()
    (tmp_path / page.name).write_bytes(there)
    outcome = fetch(tmp_path, server, [page])[page.name]
    assert (outcome.status, outcome.detail) == (
        Status.MISSING,
        "HTTP 404; the file images/aB3dE.jpg here is another one",
    )
    assert (tmp_path / page.name).read_bytes() == there
    server.behaviours = {"i.imgur.com/aB3dE.jpg": answers(PAGE)}
    assert fetch(tmp_path, server, [page])[page.name].status is Status.KEPT
    assert (tmp_path / page.name).read_bytes() == PAGE


def test_bytes_of_the_right_md5_must_be_those_of_the_first_time(server: Unruly, tmp_path: Path) -> None:
    page = wanted("aB3dE")
    server.behaviours = {"i.imgur.com/aB3dE.jpg": answers(PAGE)}
    fetch(tmp_path, server, [page])
    (tmp_path / page.name).unlink()
    account = tmp_path / SURVIVAL
    account.write_text(account.read_text().replace(hashlib.sha256(PAGE).hexdigest(), "0" * 64))
    outcome = fetch(tmp_path, server, [page])[page.name]
    assert (outcome.status, (tmp_path / page.name).exists()) == (Status.HASH_MISMATCH, False)


def big(server: Unruly, behaviour: Behaviour, part: bytes, root: Path) -> tuple[FileOutcome, list[str | None]]:
    """What becomes of a large file of which a part is there, and which parts were asked for."""
    page = wanted("big", BIG)
    server.behaviours = {"i.imgur.com/big.jpg": behaviour}
    (root / "images").mkdir()
    (root / "images/.big.jpg.part").write_bytes(part)
    outcome = fetch(root, server, [page], Politeness(rate=2000, attempts=4, backoff=0.01))[page.name]
    assert not (root / "images/.big.jpg.part").exists() or outcome.status is not Status.KEPT
    return outcome, [headers.get("range") for headers in server.headers]


def rest(exchange: Exchange) -> None:
    """A server that knows how to go on."""
    asked = exchange.headers.get("range")
    if asked is None:
        exchange.answer(BIG)
    else:
        begin = int(asked.removeprefix("bytes=").removesuffix("-"))
        exchange.answer(BIG[begin:], 206, Content_Range=f"bytes {begin}-{len(BIG) - 1}/{len(BIG)}")


HALF = BIG[: 2 << 20]


@pytest.mark.parametrize(
    ("behaviour", "part", "ranges"),
    [
        (rest, HALF, ["bytes=2097152-"]),
        (rest, BIG[:1000], [None]),  # not worth it
        (rest, bytes(2 << 20), ["bytes=2097152-", None]),  # of something else
        (rest, BIG, ["bytes=3145728-"]),
        (answers(BIG), HALF, ["bytes=2097152-"]),  # a server that does not know how to go on
        (answers(BIG[1:], code=206, Content_Range="bytes 1-3145727/3145728"), HALF, ["bytes=2097152-"]),
        (answers(b"", code=416), HALF, ["bytes=2097152-"]),
    ],
)
def test_a_large_file_goes_on_where_it_was(
    behaviour: Behaviour, part: bytes, ranges: list[str | None], server: Unruly, tmp_path: Path
) -> None:
    def behave(exchange: Exchange) -> None:
        (behaviour if exchange.number == 1 else rest)(exchange)

    outcome, asked = big(server, behave, part, tmp_path)
    assert outcome.status is Status.KEPT
    assert (tmp_path / "images/big.jpg").read_bytes() == BIG
    assert asked[: len(ranges)] == ranges


def test_a_large_file_that_breaks_off_goes_on_within_a_run(server: Unruly, tmp_path: Path) -> None:
    def behave(exchange: Exchange) -> None:
        if exchange.number == 1:
            raw(head(Content_Length=str(len(BIG))) + HALF)(exchange)
        else:
            rest(exchange)

    outcome, asked = big(server, behave, b"", tmp_path)
    assert (outcome.status, asked) == (Status.KEPT, [None, "bytes=2097152-"])


def test_what_has_come_of_a_large_file_waits_for_the_next_run(server: Unruly, tmp_path: Path) -> None:
    outcome, _ = big(server, raw(head(Content_Length=str(len(BIG))) + HALF), b"", tmp_path)
    assert outcome.status is Status.TRUNCATED
    assert (tmp_path / "images/.big.jpg.part").read_bytes()[: len(HALF)] == HALF


def test_what_has_no_hash_or_no_name_is_never_asked_for(server: Unruly, tmp_path: Path) -> None:
    files = [
        Wanted("images/null.jpg", "https://i.imgur.com/null.jpg", None, LIMIT),
        Wanted("images/../../x.jpg", "https://i.imgur.com/../../x.jpg", None, LIMIT, fault=Status.INVALID_ID),
    ]
    found = fetch(tmp_path, server, files)
    assert [outcome.status for outcome in found.values()] == [Status.NO_HASH, Status.INVALID_ID]
    assert server.asked.total() == 0


def test_the_account_survives_anything_but_says_nothing_that_is_not_so(server: Unruly, tmp_path: Path) -> None:
    pages = [wanted(f"page{number}") for number in range(5)]
    server.behaviours = {page.url.removeprefix("https://"): answers(PAGE) for page in pages[:3]}
    fetch(tmp_path, server, pages)
    account = tmp_path / SURVIVAL
    lines = account.read_text().splitlines(keepends=True)
    assert lines[0] == ",".join(COLUMNS) + "\n"
    assert [line.split(",")[0] for line in lines[1:]] == [page.name for page in pages]
    for damage in (
        "".join(lines)[:-30],  # cut off
        "".join(lines[:2]) + lines[2][:20] + "\n" + "".join(lines[3:]),
        "".join(lines).replace("missing", "mis\0sing").replace("kept", "kept,"),
        "\xff\xfe" + "x" * 200_000,
        "",
    ):
        account.write_text(damage, encoding="latin-1")
        found = fetch(tmp_path, server, pages)
        assert [outcome.status for outcome in found.values()] == [Status.KEPT] * 3 + [Status.MISSING] * 2
        assert len(rows(tmp_path)) == 5


def test_nothing_in_the_account_is_a_formula_or_steers_a_terminal(server: Unruly, tmp_path: Path) -> None:
    files = [
        Wanted("=cmd|' /C calc'!A0", "https://i.imgur.com/x", None, LIMIT, fault=Status.INVALID_ID),
        Wanted("images/\x1b[2J\n.jpg", "https://i.imgur.com/x", None, LIMIT, fault=Status.INVALID_ID),
    ]
    fetch(tmp_path, server, files)
    text = (tmp_path / SURVIVAL).read_text()
    assert "\n'=cmd" in text
    assert "\x1b" not in text
    assert len(text.splitlines()) == 3


def test_one_at_a_time(server: Unruly, tmp_path: Path) -> None:
    manner = Manner(politeness=HURRIED, transport=WayToServer(server.port))
    with (
        open_session(tmp_path, PLACES, manner),
        pytest.raises(LockedError, match="another process is fetching into"),
        open_session(tmp_path, PLACES, manner),
    ):
        pass
    (tmp_path / "file").touch()
    with (
        pytest.raises(CannotCreateError, match="cannot write to the folder"),
        open_session(tmp_path / "file", PLACES, manner),
    ):
        pass


def test_a_drawn_sample_stays_one(tmp_path: Path, server: Unruly) -> None:
    (tmp_path / MARK).write_text("{}")
    with pytest.raises(UsageError, match="holds a drawn sample"), open_session(tmp_path, PLACES, Manner()):
        pass


def test_a_full_disk_ends_the_run(tmp_path: Path, server: Unruly, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("htrdata.sources.fetching.trying.sync_file", full)
    pages = [wanted(f"page{number}") for number in range(50)]
    server.behaviours = {page.url.removeprefix("https://"): answers(PAGE) for page in pages}
    with pytest.raises(OSError, match=r"reading or writing in .* failed: .*No space left"):
        fetch(tmp_path, server, pages)
    assert server.asked.total() <= 8
    assert not list((tmp_path / "images").glob("*.jpg"))


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make a certificate with")
    make = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout key.pem -out cert.pem"
    subprocess.run(make.split(), cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            try:
                context.wrap_socket(connection, server_side=True).close()
            except OSError:
                connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        import httpx2

        with open_client(HURRIED) as client, pytest.raises(httpx2.ConnectError, match=r"(?i)certificate"):
            client.get(f"https://localhost:{listener.getsockname()[1]}/")
        thread.join(5)
