"""The command line: what a person types and reads, and what becomes of a build that is stopped."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from htrdata.drawing.samples.imgur5k import draw_sample
from htrdata.sources import imgur5k


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "imgur5k"
    draw_sample(folder, pages=30, words_per_page=12, megapixels=(0.1, 0.3), plain=True)
    return folder


def htrdata(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "htrdata", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
        timeout=120,
    )


def tree(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_main_job_in_one_command(root: Path, tmp_path: Path) -> None:
    done = htrdata("imgur5k", "--root", root, "--out", tmp_path / "lmdb", "--workers", 1)
    assert done.returncode == 0, done.stderr
    assert done.stderr.strip() == f"report: {tmp_path}/lmdb/imgur5k/report.html"  # no bar without a terminal
    words = sum(len(page.words) for page in imgur5k.read(root))
    assert [line.split()[-1] for line in done.stdout.splitlines() if line.startswith("words")] == [f"{words:,}"]
    assert max(map(len, done.stdout.splitlines())) <= 80
    checked = htrdata("verify", tmp_path / "lmdb", "--decode")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout.endswith("whole\n")


def test_shares_of_a_build_are_joined_by_the_same_command(root: Path, tmp_path: Path) -> None:
    build = ["imgur5k", "--root", root, "--out", tmp_path / "lmdb", "--workers", 1, "--part-size", 40]
    first = htrdata(*build, "--part", "1/2")
    assert (first.returncode, first.stdout) == (0, "part 1/2 of imgur5k: 4 of 8 parts, 192 words\n")
    assert "once all 2 are built, the same command without --part joins them" in first.stderr
    refused = htrdata(*build, "--part", "join")
    assert refused.returncode == 73
    assert "4 of the 8 parts of 'imgur5k', 180 words, are missing: --part 2/2. Run these again" in refused.stderr
    assert json.loads(htrdata(*build, "--part", "2/2", "--json").stdout)["share"] == "2/2"
    joined = htrdata(*build, "--part", "join")
    assert joined.returncode == 0, joined.stderr
    whole = htrdata("imgur5k", "--root", root, "--out", tmp_path / "whole", "--workers", 1)
    assert (joined.stdout, tree(tmp_path / "lmdb")) == (whole.stdout, tree(tmp_path / "whole"))
    assert htrdata(*build, "--part", "2/2").stdout == f"{tmp_path}/lmdb has imgur5k already\n"


def test_the_root_has_a_default(root: Path, tmp_path: Path) -> None:
    done = htrdata("imgur5k", "--dry-run", HTRDATA_HOME=str(root.parent))
    assert done.returncode == 0, done.stderr
    missing = htrdata("imgur5k", "--dry-run", HTRDATA_HOME=str(tmp_path))
    assert missing.returncode == 2
    assert missing.stderr.startswith(f"error: no Imgur5K annotations in {tmp_path}/imgur5k/dataset_info")


def test_a_dry_run_prints_the_counts_of_the_build_and_writes_nothing(root: Path, tmp_path: Path) -> None:
    options = ["imgur5k", "--root", root, "--charset", "alnum", "--max-length", 4, "--json", "--out", tmp_path / "lmdb"]
    dry = htrdata(*options, "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert list(tmp_path.iterdir()) == []
    built: dict[str, Any] = json.loads(htrdata(*options).stdout)
    counts: dict[str, Any] = json.loads(dry.stdout)
    assert built.pop("compared") == [*counts.pop("compared"), "pictures"]  # which are not decoded without a build
    assert {key: built[key] for key in counts} == counts
    assert counts["splits"]["train"]["dropped"]["out_of_charset"] > 0
    assert counts["splits"]["train"]["unknown_characters"]


def test_pages_without_annotations_and_without_images_are_told(root: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(root, copy)
    for page in list((copy / "images").glob("*.jpg"))[:20]:
        page.unlink()
    with (copy / "dataset_info" / "val_index_ids.lst").open("a") as listed:
        listed.write("\n".join(["aaaaa", "bbbbb"]) + "\n")
    done = htrdata("imgur5k", "--root", copy, "--dry-run")
    assert done.returncode == 0, done.stderr
    pages = sum(page.split == "val" and bool(page.words) for page in imgur5k.read(copy))
    listed_without = sum(page.split == "val" and not page.words for page in imgur5k.read(copy))
    said = " ".join(done.stdout.split())
    assert f"val {listed_without} of {pages + listed_without}" in said
    assert re.search(rf"image_missing: there is no {copy}/images/\w+\.jpg, no {copy}/images/\w+\.jpg, …", done.stderr)
    shutil.rmtree(copy / "images")
    (copy / "images").mkdir()
    done = htrdata("imgur5k", "--root", copy, "--out", tmp_path / "lmdb", "--workers", 1)
    assert done.returncode == 65
    assert f"there is no {copy}/images/" in done.stderr


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["imgur5k", "--charset", "latin"], 2, "no charset 'latin'"),
        (["imgur5k", "--name", "a-b"], 2, "'a-b' cannot name a data set"),
        (["imgur5k", "--max-length", "0"], 2, "maximum label length of 0"),
        (["imgur5k", "--quality", "0"], 2, "JPEG quality of 0"),
        (["imgur5k", "--workers", "0"], 2, "0 is not in the range"),
        (["imgur5k", "--scheduler", "tcp://127.0.0.1:1"], 2, "--scheduler builds, all of it, and --dry-run does not"),
        (["imgur5k", "--part", "4/3"], 2, "--part 4/3: give I/N"),
        (["imgur5k", "--part", "1/3"], 2, "--dry-run counts all words, and --part 1/3 builds some"),
        (["verify", "nowhere"], 2, "no data set in nowhere"),
        (["imgr5k"], 2, "No such command 'imgr5k'"),
    ],
)
def test_errors_are_one_sentence_with_their_exit_code(root: Path, options: list[str], code: int, message: str) -> None:
    done = htrdata(*options, *(["--root", root, "--dry-run"] if options[0] == "imgur5k" else []))
    assert (done.returncode, done.stdout) == (code, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_changed_store_ends_in_65(root: Path, tmp_path: Path) -> None:
    htrdata("imgur5k", "--root", root, "--out", tmp_path / "lmdb", "--workers", 1)
    path = tmp_path / "lmdb/val/imgur5k/data.mdb"
    path.write_bytes(path.read_bytes()[:-4096])
    checked = htrdata("verify", tmp_path / "lmdb")
    assert checked.returncode == 65
    assert "is cut short" in checked.stdout


def test_the_python_interface_needs_no_import_of_its_own(root: Path, tmp_path: Path) -> None:
    code = (
        "import htrdata\n"
        "from pathlib import Path\n"
        f"htrdata.build(htrdata.sources.imgur5k.Imgur5K(Path({str(root)!r})), 'lmdb', workers=1)\n"
        "print(len(htrdata.open('lmdb')['val', 'imgur5k']), htrdata.sources.iam.Iam.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[1] == "Iam"


def test_output_that_cannot_be_written_is_one_sentence(root: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "htrdata", "imgur5k", "--root", str(root), "--dry-run"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 74, done.stderr
    assert "Traceback" not in done.stderr


def test_every_command_explains_itself_with_an_example() -> None:
    for command in (["imgur5k"], ["iam"], ["verify"], ["preview"], ["sample", "imgur5k"], ["sample", "iam"]):
        done = htrdata(*command, "--help")
        assert done.returncode == 0
        assert f"htrdata {' '.join(command)}" in done.stdout.split("Options:")[0].split("\n", 1)[1]


def start(root: Path, store: Path) -> subprocess.Popen[str]:
    command = ["-m", "htrdata", "imgur5k", "--root", root, "--out", store, "--workers", 2, "--part-size", 15]
    return subprocess.Popen(
        [sys.executable, *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def wait_for_parts(build: subprocess.Popen[str], store: Path, count: int) -> None:
    deadline = time.monotonic() + 60
    while build.poll() is None and len(list(store.glob(".build/imgur5k/parts/*.arrow"))) < count:
        assert time.monotonic() < deadline, "no part came in a minute"
        time.sleep(0.005)


@pytest.fixture(scope="module")
def expected(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    store = tmp_path_factory.mktemp("expected") / "lmdb"
    done = htrdata("imgur5k", "--root", root, "--out", store, "--workers", 1)
    assert done.returncode == 0, done.stderr
    return tree(store)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_a_build_killed_again_and_again_ends_in_the_same_bytes(
    root: Path, tmp_path: Path, expected: dict[str, str]
) -> None:
    store = tmp_path / "lmdb"
    rng = random.Random(0)
    kills = 0
    for parts in (1, 5, 12, 20):
        build = start(root, store)
        wait_for_parts(build, store, parts)
        time.sleep(rng.uniform(0, 0.03))
        build.kill()
        kills += build.wait() == -signal.SIGKILL
        build.communicate()
        assert not (store / "imgur5k/dataset.json").exists() or build.returncode == 0
    assert kills >= 2
    done = start(root, store)
    output = done.communicate(timeout=120)
    assert done.returncode == 0, output
    assert tree(store) == expected


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_a_signal_ends_a_build_with_the_command_that_resumes(
    root: Path, tmp_path: Path, expected: dict[str, str], number: signal.Signals, code: int, word: str
) -> None:
    store = tmp_path / "lmdb"
    build = start(root, store)
    wait_for_parts(build, store, 2)
    build.send_signal(number)
    stdout, stderr = build.communicate(timeout=60)
    assert (build.returncode, stdout) == (code, "")
    again = f"htrdata imgur5k --root {root} --out {store} --workers 2 --part-size 15"
    assert stderr.split() == f"{word}; the same command goes on from what is finished: {again}".split()
    assert htrdata(*again.split()[1:]).returncode == 0
    assert tree(store) == expected


@pytest.mark.skipif(shutil.which("unshare") is None or os.name == "nt", reason="needs unshare to mount a small disk")
def test_a_full_disk_ends_in_74_and_a_larger_one_goes_on(root: Path, tmp_path: Path, expected: dict[str, str]) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    command = f"{sys.executable} -m htrdata imgur5k --root {root} --out {disk}/lmdb --workers 1 --part-size 15"
    script = (
        f"mount -t tmpfs -o size=300k none {disk} || exit 99; {command}; echo first $?; "
        f"mount -o remount,size=64m {disk}; {command} >/dev/null; echo second $?; cp -r {disk}/lmdb {tmp_path}/lmdb"
    )
    done = subprocess.run(["unshare", "-rm", "bash", "-c", script], capture_output=True, text=True, check=False)
    if done.returncode == 99 or "unshare" in done.stderr:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    assert done.stdout.split("\n")[:2] == ["first 74", "second 0"], done.stderr
    assert "is full" in done.stderr
    assert "Traceback" not in done.stderr
    assert tree(tmp_path / "lmdb") == expected
