"""Imgur5K, UNIPEN and DHSD from a server that stands for those of their authors: what is asked, what is there then."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

pytest.importorskip("httpx2")
pytest.importorskip("tenacity")

from htrdata.cli.commands import commands
from htrdata.drawing.samples.imgur5k import draw_sample
from htrdata.drawing.samples.unipen import draw_sample as draw_unipen
from htrdata.errors import BadDataError, HtrError, UnreachableError
from htrdata.sources.drawn import MARK
from htrdata.sources.fetching import asking, dhsd, imgur5k, unipen
from htrdata.sources.fetching.hosts import Politeness
from htrdata.sources.fetching.session import Manner
from htrdata.sources.fetching.wanted import Status
from htrdata.sources.imgur5k.page_list import page_digest
from htrdata.sources.unipen.release import read_release

from .unruly_server import Unruly, WayToServer, unruly_server

GITHUB = (
    "raw.githubusercontent.com/facebookresearch/IMGUR5K-Handwriting-Dataset/756a9ac9ed5201345661e1d9b7a5eb53502b97d5"
)
HURRIED = Manner(politeness=Politeness(rate=1000, attempts=2, backoff=0.01, timeout=5))


def git_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def gives(body: bytes, code: int = 200, **headers: str) -> Any:
    return lambda exchange: exchange.answer(body, code, **headers)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Unruly]:
    """A server to which all questions go, those of the command line too."""
    original = asking.open_client
    with unruly_server() as server:
        monkeypatch.setattr(asking, "open_client", lambda polite, _: original(polite, WayToServer(server.port)))
        yield server


def htrdata(*arguments: object) -> Result:
    return CliRunner().invoke(commands, list(map(str, arguments)))


def rows(root: Path) -> dict[str, str]:
    lines = (root / "survival.csv").read_text(encoding="utf-8").splitlines()[1:]
    return {line.split(",")[0]: line.split(",")[3] for line in lines}


# --- Imgur5K


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("drawn") / "imgur5k"
    draw_sample(root, pages=10, words_per_page=5, megapixels=(0.05, 0.1), plain=True)
    for folder in (root, root / "images"):
        (folder / MARK).unlink()
    (root / "LICENSE").write_bytes(b"as it comes")
    return root


@pytest.fixture
def published(drawn: Path, server: Unruly, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data set as its authors publish it, here and at the server."""
    names = ["LICENSE", *(str(path.relative_to(drawn)) for path in sorted((drawn / "dataset_info").iterdir()))]
    monkeypatch.setattr(imgur5k, "_FILES", {name: git_id((drawn / name).read_bytes()) for name in names})
    for name in names:
        server.behaviours[f"{GITHUB}/{name}"] = gives((drawn / name).read_bytes())
    for path in (drawn / "images").iterdir():
        server.behaviours[f"i.imgur.com/{path.name}"] = gives(path.read_bytes(), Content_Type="image/jpeg")
    return drawn


def test_imgur5k_is_fetched_as_far_as_it_is_there(published: Path, server: Unruly, tmp_path: Path) -> None:
    pages = sorted(path.stem for path in (published / "images").iterdir())
    gone, missing, late = pages[:3]
    server.behaviours[f"i.imgur.com/{gone}.jpg"] = gives(b"", 302, Location="https://i.imgur.com/removed.png")
    del server.behaviours[f"i.imgur.com/{missing}.jpg"]
    server.behaviours[f"i.imgur.com/{late}.jpg"] = gives(b"<html>over capacity</html>")
    first = htrdata("fetch", "imgur5k", tmp_path, "--rate", 20)
    assert first.exit_code == 1
    assert isinstance(first.exception, UnreachableError)
    said = "still to be had of imgur5k: 1 of 11 pages (a web page came). The same command goes on"
    assert said in str(first.exception)
    statuses = rows(tmp_path)
    assert [statuses[f"images/{page}.jpg"] for page in (gone, missing, late)] == ["removed", "missing", "web_page"]
    # Another run asks for nothing but what may be there now.
    server.behaviours[f"i.imgur.com/{late}.jpg"] = gives((published / f"images/{late}.jpg").read_bytes())
    server.log.clear()
    second = htrdata("fetch", "imgur5k", "--root", tmp_path)
    assert second.exit_code == 0, second.output
    assert set(server.asked) == {f"i.imgur.com/{late}.jpg"}
    for path in [*(tmp_path / "images").iterdir(), *(tmp_path / "dataset_info").iterdir()]:
        assert path.read_bytes() == (published / path.relative_to(tmp_path)).read_bytes()
    kept = sorted(set(pages) - {gone, missing})
    assert (tmp_path / "pages.lst").read_text().split() == kept
    assert f"{tmp_path}/pages.lst lists the pages that are here, digest {page_digest(kept)}" in second.stderr
    table = {line.split()[0]: line.split()[-1] for line in second.stdout.splitlines()}
    # One page is listed that nobody ever had.
    assert (table["imgur5k"], table["kept"], table["removed"], table["missing"]) == ("all", str(len(kept)), "1", "2")
    assert max(map(len, second.stdout.splitlines())) <= 80
    # The list builds.
    built = htrdata("imgur5k", tmp_path, "--pages", tmp_path / "pages.lst", "--out", tmp_path / "lmdb", "--json")
    assert json.loads(built.stdout)["settings"]["pages"] == page_digest(kept)


def test_imgur5k_is_fetched_and_built_by_one_command(published: Path, server: Unruly, tmp_path: Path) -> None:
    built = htrdata("imgur5k", tmp_path / "data", "--download", "--out", tmp_path / "lmdb", "--workers", 1)
    assert built.exit_code == 0, built.output
    assert built.stdout.splitlines()[0].split() == ["imgur5k", "train", "val", "test", "all"]
    assert "image_missing" not in built.stdout
    assert "kept" in built.stderr
    for option in (["--dry-run"], ["--images", tmp_path]):
        refused = htrdata("imgur5k", tmp_path / "data", "--download", *option)
        assert "--download fetches pages into ROOT/images, and" in str(refused.exception)


def test_only_some_pages_are_fetched(published: Path, server: Unruly, tmp_path: Path) -> None:
    some = sorted(path.stem for path in (published / "images").iterdir())[:2]
    (tmp_path / "some.lst").write_text("\n".join(some))
    done = htrdata("fetch", "imgur5k", tmp_path / "data", "--pages", tmp_path / "some.lst", "--rate", 20, "--json")
    assert sorted(path.stem for path in (tmp_path / "data/images").iterdir()) == some
    found = json.loads(done.stdout)
    assert (found["open"], found["counts"]["all"]["files"], found["counts"]["all"]["statuses"]) == (0, 2, {"kept": 2})
    assert found["pages"] == {"file": str(tmp_path / "data/pages.lst"), "digest": page_digest(some)}


def test_a_dry_run_asks_nobody_and_says_what_is_missing(published: Path, server: Unruly, tmp_path: Path) -> None:
    root = tmp_path / "data"
    dry = htrdata("fetch", "imgur5k", root, "--dry-run")
    assert (dry.exit_code, server.asked.total(), root.exists()) == (0, 0, False)
    assert f"https://{GITHUB}/LICENSE\n    as {root}/LICENSE" in dry.stderr
    assert "; then the pages that they name. Without a network: copy them" in dry.stderr
    shutil.copytree(published / "dataset_info", root / "dataset_info")
    shutil.copy(published / "LICENSE", root)
    before = sorted(root.rglob("*"))
    dry = htrdata("fetch", "imgur5k", root, "--dry-run")
    assert "to be fetched: 11 of 11 pages, from i.imgur.com, in 2 s at least" in dry.stderr
    assert (sorted(root.rglob("*")), server.asked.total()) == (before, 0)
    shutil.copytree(published / "images", root / "images")
    assert "1 of 11 pages, from i.imgur.com" in htrdata("fetch", "imgur5k", root, "--dry-run").stderr
    # Pages that were copied are proved and not asked for.
    done = htrdata("fetch", "imgur5k", root)
    assert (done.exit_code, server.asked.total()) == (0, 1), done.output
    assert "nothing is to be fetched" in htrdata("fetch", "imgur5k", root, "--dry-run").stderr


def test_ids_that_are_none_are_never_asked_for(published: Path, server: Unruly, tmp_path: Path) -> None:
    evil = ["../../x", "/etc/passwd", "a b", "x\u0000y", "\ud800abc", "=cmd", "x" * 300, "null"]
    annotations = {
        "index_id": {page: {"image_hash": "0" * 32} for page in evil},
        "index_to_ann_map": {page: [] for page in evil},
        "ann_id": {},
    }
    (tmp_path / "dataset_info").mkdir()
    (tmp_path / "dataset_info/imgur5k_annotations.json").write_text(json.dumps(annotations))
    survey = imgur5k.fetch(tmp_path / ".", HURRIED)
    assert [survey.outcomes[f"images/{page}.jpg"].status for page in evil[:-1]] == [Status.INVALID_ID] * 7
    assert {place for place in server.asked if "etc" in place or ".." in place or "%" in place} == set()
    assert b"\0" not in (tmp_path / "survival.csv").read_bytes()


def test_pages_that_lie_elsewhere_are_found(published: Path, server: Unruly, tmp_path: Path) -> None:
    shutil.copytree(published, tmp_path, dirs_exist_ok=True)
    pages = sorted((tmp_path / "images").iterdir())
    (tmp_path / "images/val").mkdir()
    pages[0].rename(tmp_path / "images/val" / pages[0].name)
    pages[1].rename(pages[1].with_suffix(".JPEG"))
    survey = imgur5k.fetch(tmp_path, HURRIED)
    assert survey.counts == {Status.KEPT: 10, Status.MISSING: 1}
    assert server.asked.total() == 1
    assert (tmp_path / "pages.lst").read_text().split() == [path.stem for path in pages]


def test_annotations_that_cannot_be_had_are_named_with_their_place(
    published: Path, server: Unruly, tmp_path: Path
) -> None:
    for place in list(server.behaviours):
        server.behaviours[place] = lambda exchange: exchange.hang_up()
    with pytest.raises(UnreachableError, match=r"files of annotations could not be had \(.*\). Run the same") as caught:
        imgur5k.fetch(tmp_path, HURRIED)
    for name in imgur5k._FILES:
        assert f"\n  https://{GITHUB}/{name}\n    as {tmp_path}/{name}" in str(caught.value)
    assert not (tmp_path / "dataset_info").exists() or not list((tmp_path / "dataset_info").iterdir())


def test_annotations_that_somebody_has_mended_stay(published: Path, server: Unruly, tmp_path: Path) -> None:
    said: list[str] = []
    (tmp_path / "dataset_info").mkdir()
    for name in ("train_index_ids.lst", "val_index_ids.lst"):
        (tmp_path / "dataset_info" / name).write_bytes((published / "dataset_info" / name).read_bytes() + b"\n")
    imgur5k.fetch(tmp_path, Manner(politeness=HURRIED.politeness, say=said.append))
    assert (tmp_path / "dataset_info/val_index_ids.lst").read_bytes().endswith(b"\n\n")
    assert [line.split("/")[-1].split()[0] for line in said] == ["train_index_ids.lst", "val_index_ids.lst"]
    assert f"{GITHUB}/dataset_info/val_index_ids.lst" not in server.asked
    assert "kept" in set(rows(tmp_path).values())


def test_annotations_of_other_bytes_are_not_taken(published: Path, server: Unruly, tmp_path: Path) -> None:
    name = "dataset_info/imgur5k_hashes.lst"
    server.behaviours[f"{GITHUB}/{name}"] = gives((published / name).read_bytes() + b"x")
    with pytest.raises(UnreachableError, match=r"1 of \d+ files of annotations could not be had \(hash_mismatch: "):
        imgur5k.fetch(tmp_path, HURRIED)
    assert not (tmp_path / name).exists()


def test_a_sample_is_not_mixed_with_the_genuine_data_set(drawn: Path, server: Unruly, tmp_path: Path) -> None:
    (tmp_path / MARK).write_text("{}")
    for fetch in (imgur5k.fetch, imgur5k.preview, unipen.fetch, unipen.preview, dhsd.fetch, dhsd.preview):
        with pytest.raises(HtrError, match="holds a drawn sample"):
            fetch(tmp_path, HURRIED)


def test_the_extra_is_named_where_it_is_missing(published: Path, tmp_path: Path) -> None:
    code = "import sys; sys.modules['httpx2'] = None; from htrdata.cli.commands import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "fetch", "unipen", str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "error: this needs httpx2, which is not installed: pip install 'htrdata[fetch]'" in done.stderr


DRIVER = """
import signal
import sys
from htrdata.cli import commands
from htrdata.sources.fetching import asking, imgur5k
sys.path.insert(0, sys.argv.pop(1))
from unruly_server import WayToServer
import json
port, files = int(sys.argv.pop(1)), json.loads(sys.argv.pop(1))
signal.signal(signal.SIGINT, signal.default_int_handler)  # of tests in the background it is ignored
original = asking.open_client
asking.open_client = lambda polite, transport: original(polite, WayToServer(port))
imgur5k._FILES.clear()
imgur5k._FILES.update(files)
commands.main()
"""


def start(server: Unruly, root: Path) -> subprocess.Popen[str]:
    files = json.dumps(imgur5k._FILES)
    command = [sys.executable, "-c", DRIVER, str(Path(__file__).parent), str(server.port), files]
    return subprocess.Popen(
        [*command, "fetch", "imgur5k", str(root), "--rate", "20"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopped_in_any_way_it_goes_on(
    number: signal.Signals, code: int, published: Path, server: Unruly, tmp_path: Path
) -> None:
    pages = sorted((published / "images").iterdir())
    hung = f"i.imgur.com/{pages[4].name}"
    right = server.behaviours[hung]

    def hang(exchange: Any) -> None:  # within an answer, for much longer than anybody waits
        exchange.send(b"HTTP/1.1 200 X\r\nContent-Length: 99999\r\n\r\n\xff\xd8")
        time.sleep(20)

    server.behaviours[hung] = hang
    run = start(server, tmp_path)
    deadline = time.monotonic() + 60
    while len(list(tmp_path.glob("images/*.jpg"))) < 5 or hung not in server.asked:
        assert time.monotonic() < deadline
        assert run.poll() is None, run.communicate()
        time.sleep(0.01)
    began = time.monotonic()
    run.send_signal(number)
    stdout, stderr = run.communicate(timeout=30)
    assert (run.returncode, stdout) == (code, "")
    assert time.monotonic() - began < 10
    if number is not signal.SIGKILL:
        assert "the same command goes on from what is finished:\n  htrdata fetch imgur5k" in stderr
        assert "Traceback" not in stderr
    for path in tmp_path.glob("images/*.jpg"):
        assert path.read_bytes() == (published / "images" / path.name).read_bytes()
    there = {f"i.imgur.com/{path.name}" for path in tmp_path.glob("images/*.jpg")}
    server.behaviours[hung] = right
    server.log.clear()
    survey = imgur5k.fetch(tmp_path, HURRIED)
    assert not survey.missing
    assert not there & set(server.asked)
    assert {path.name for path in (tmp_path / "images").iterdir()} == {path.name for path in pages}


def test_what_is_published_is_what_is_asked_for(shared: Path, tmp_path: Path) -> None:
    given = shared / "imgur5k"
    found = {name: git_id((given / name).read_bytes()) for name in imgur5k._FILES if (given / name).exists()}
    assert len(found) >= 7
    assert found == {name: imgur5k._FILES[name] for name in found}
    for name in imgur5k._FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        if name in found:
            shutil.copy(given / name, tmp_path / name)
        else:
            (tmp_path / name).write_text('{"index_id": {}, "index_to_ann_map": {}, "ann_id": {}}')
    survey = imgur5k.preview(tmp_path, Manner())
    assert survey.counts == {Status.NOT_TRIED: 8_130, Status.NO_HASH: 1}
    assert all(one.url == f"https://i.imgur.com/{one.name[7:-4]}.jpg" for one in survey.wanted)
    table = {line[:17].strip(): line[17:].replace(",", "").split() for line in survey.text().splitlines()}
    assert table["pages"] == ["6493", "820", "829", "8131"]
    assert table["words"][1:3] == ["22506", "23842"]


# --- UNIPEN


RECORD = "zenodo.org/api/records/1195803"
CONTENT = f"{RECORD}/files/{unipen.ARCHIVE}/content"


@pytest.fixture(scope="session")
def unipen_archive(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Drawn strokes, packed as Zenodo's archive is: with three folders around them."""
    folder = tmp_path_factory.mktemp("unipen") / "drawn"
    draw_unipen(folder, writers=4, words=3)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name in ("data", "include"):
            tar.add(next(folder.rglob(name)), f"unipen/CDROM/train_r01_v07/{name}")
    return packed.getvalue()


def record(archive: bytes, **changes: object) -> bytes:
    file = {"key": unipen.ARCHIVE, "size": len(archive), "checksum": f"md5:{hashlib.md5(archive).hexdigest()}"}
    return json.dumps({"id": 1195803, "files": [{"key": "other.txt"}, {**file, **changes}]}).encode()


def test_unipen_is_fetched_and_read_as_it_is_packed(server: Unruly, tmp_path: Path, unipen_archive: bytes) -> None:
    server.behaviours = {RECORD: gives(record(unipen_archive)), CONTENT: gives(unipen_archive)}
    done = htrdata("fetch", "unipen", tmp_path)
    assert done.exit_code == 0, done.output
    assert (tmp_path / unipen.ARCHIVE).read_bytes() == unipen_archive
    assert len(read_release(tmp_path, 7).data) > 0
    assert htrdata("unipen", tmp_path, "--dry-run").exit_code == 0
    # Who has it does not ask, and who has got it otherwise asks for its MD5 alone.
    server.log.clear()
    assert htrdata("fetch", "unipen", tmp_path).exit_code == 0
    assert server.asked.total() == 0
    (tmp_path / "survival.csv").unlink()
    assert htrdata("fetch", "unipen", tmp_path).exit_code == 0
    assert set(server.asked) == {RECORD}


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (gives(b"<html>", 503), UnreachableError, r"record of UNIPEN could not be had \(server_error: HTTP 503\)"),
        (gives(b"<html>down</html>"), BadDataError, "line 1, column 1"),
        (gives(b"[]"), BadDataError, "gives no MD5 for"),
        (gives(b'{"files": 7}'), BadDataError, "gives no MD5 for"),
        (gives(b'{"files": [7, {"key": []}]}'), BadDataError, "gives no MD5 for"),
        (gives(record(b"x", checksum="sha1:0123")), BadDataError, "gives no MD5 for"),
        (gives(record(b"x", checksum=None)), BadDataError, "gives no MD5 for"),
        (gives(record(b"x", key="unipen-v2.tgz")), BadDataError, "gives no MD5 for"),
        (gives(b"", 302, Location="https://example.org/"), UnreachableError, "redirected: led to"),
        (gives(b" " * (2 << 20)), UnreachableError, "too_large"),
    ],
)
def test_a_record_that_is_none_is_said(
    answer: Any, error: type[HtrError], said: str, server: Unruly, tmp_path: Path
) -> None:
    server.behaviours = {RECORD: answer}
    with pytest.raises(error, match=said):
        unipen.fetch(tmp_path, HURRIED)
    assert {path.name for path in tmp_path.iterdir()} <= {"survival.csv", ".fetch.lock"}


def test_an_archive_that_is_another_one_ends_in_65(server: Unruly, tmp_path: Path, unipen_archive: bytes) -> None:
    server.behaviours = {RECORD: gives(record(unipen_archive)), CONTENT: gives(unipen_archive + b"x")}
    done = htrdata("fetch", "unipen", tmp_path)
    assert isinstance(done.exception, BadDataError)
    assert "gives another file than was published (hash_mismatch: " in str(done.exception)
    assert not (tmp_path / unipen.ARCHIVE).exists()


# --- DHSD


PACKED = "codeload.github.com/nauman-riaz/DHSD/tar.gz/ab871d395966c3f1177444a2db847e047b9559b8"


def pack(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", format=tarfile.PAX_FORMAT, pax_headers={"comment": "ab87"}) as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(f"DHSD-ab871d39/{name}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return packed.getvalue()


@pytest.fixture
def repository(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The files of the repository."""
    files = {"data.csv": b"file_name,text,writer_id\r\n"}
    files |= {f"german_hw_data/writer{i % 3}/{i % 3}_{i}.png": b"\x89PNG %d" % i for i in range(12)}
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in files.items())
    files |= {"checksums.sha256": sums.encode(), "LICENSE": b"CC BY 4.0", "README.md": b"# DHSD"}
    files |= {f"{split}.csv": b"file_name,text,writer_id\r\n" for split in ("train", "test")}
    monkeypatch.setattr(dhsd, "_FILES", {name: git_id(files[name]) for name in dhsd._FILES})
    return files | {".gitignore": b"x", "dataset_statistics.py": b"print()"}


def test_dhsd_comes_in_one_request(repository: dict[str, bytes], server: Unruly, tmp_path: Path) -> None:
    server.behaviours = {PACKED: gives(pack(repository))}
    dry = htrdata("fetch", "dhsd", tmp_path, "--dry-run")
    said = "to be fetched: 5 of 5 files, from codeload.github.com, in 1 s at least; then what checksums.sha256 names"
    assert (dry.exit_code, said in dry.stderr) == (0, True)
    done = htrdata("fetch", "dhsd", tmp_path)
    assert done.exit_code == 0, done.output
    there = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert there == {*repository, "survival.csv", ".fetch.lock"} - {".gitignore", "dataset_statistics.py"}
    assert all((tmp_path / name).read_bytes() == data for name, data in repository.items() if name in there)
    assert server.asked == {PACKED: 1}
    assert htrdata("fetch", "dhsd", tmp_path).exit_code == 0
    assert server.asked == {PACKED: 1}
    # What is damaged is put right, and what somebody has changed on purpose stays.
    (tmp_path / "german_hw_data/writer1/1_1.png").write_bytes(b"")
    (tmp_path / "train.csv").write_bytes(b"mine")
    done = htrdata("fetch", "dhsd", tmp_path)
    assert "train.csv is not as published and stays as it is" in done.stderr
    assert (tmp_path / "german_hw_data/writer1/1_1.png").read_bytes() == b"\x89PNG 1"
    assert (tmp_path / "train.csv").read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("damage", "status", "error"),
    [
        (lambda files: pack({**files, "german_hw_data/writer0/0_0.png": b"other"}), "hash_mismatch", BadDataError),
        (lambda files: pack({**files, "train.csv": b"other"}), "hash_mismatch", BadDataError),
        (lambda files: pack({name: files[name] for name in files if name != "LICENSE"}), "missing", BadDataError),
        (lambda files: pack({**files, "checksums.sha256": b"other"}), "hash_mismatch", BadDataError),
        (lambda files: pack(files)[:-400], "truncated", UnreachableError),
        (lambda files: b"<html>", "web_page", UnreachableError),
        (lambda files: pack({**files, "../../evil.png": b"x"}), "truncated", UnreachableError),
        (lambda files: pack({**files, "big": bytes(300 << 20)}), "truncated", UnreachableError),
    ],
)
def test_an_archive_of_dhsd_that_is_not_right(
    damage: Any,
    status: str,
    error: type[HtrError],
    repository: dict[str, bytes],
    server: Unruly,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Politeness, "__init__", fast(Politeness.__init__))
    server.behaviours = {PACKED: gives(damage(repository))}
    done = htrdata("fetch", "dhsd", tmp_path / "data")
    assert isinstance(done.exception, error), done.output
    assert status in set(rows(tmp_path / "data").values())
    for path in (tmp_path / "data").rglob("*"):
        name = str(path.relative_to(tmp_path / "data"))
        if path.is_file() and name not in ("survival.csv", ".fetch.lock"):
            assert path.read_bytes() == repository[name]
    server.behaviours = {PACKED: gives(pack(repository))}
    assert htrdata("fetch", "dhsd", tmp_path / "data").exit_code == 0


def fast(original: Any) -> Any:
    return lambda polite, **given: original(polite, **{**given, "backoff": 0.001, "attempts": 2})
