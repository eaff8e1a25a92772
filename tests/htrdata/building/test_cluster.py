"""Builds by the workers of a Dask scheduler, processes of their own on the loopback: one is killed, some refused."""

from __future__ import annotations

import gc
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import htrdata.building.cluster as cluster
import htrdata.images.cropping as cropping
from htrdata.building.agreement import agree_by_file, agreement_of, difference, drawn_crops
from htrdata.building.builder import build
from htrdata.building.options import BuildOptions
from htrdata.building.plan import make_plan
from htrdata.errors import CannotCreateError, UnreachableError, UsageError

from .test_builder import tree

SMALL = BuildOptions(part_words=7)  # a page each
ROOT = Path(__file__).parents[3]


def start(folder: Path, what: str, *options: str, path: str = "") -> subprocess.Popen[bytes]:
    """Starts a scheduler or a worker, which find each other by a file in the folder."""
    given = [what, "--scheduler-file", str(folder / "scheduler.json"), "--no-dashboard", *options]
    python_path = os.pathsep.join(filter(None, [path, str(ROOT)]))
    environment = {**os.environ, "PYTHONPATH": python_path, "OMP_NUM_THREADS": "1"}
    with (folder / f"{what}.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "dask", *given], cwd=folder, env=environment, stdout=log, stderr=log
        )


def start_worker(folder: Path, *options: str, path: str = "") -> subprocess.Popen[bytes]:
    return start(folder, "worker", "--no-nanny", "--host", "127.0.0.1", *(options or ("--nthreads", "1")), path=path)


def wait_for(address: str, workers: int) -> None:
    with cluster.cluster_at(address) as found:
        until = time.monotonic() + 60
        while len(found.workers) != workers:
            assert time.monotonic() < until, f"there are {len(found.workers)} workers, not {workers}"
            time.sleep(0.1)


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A scheduler without workers: the folder of its file, and its address."""
    pytest.importorskip("distributed", reason="needs the extra cluster")
    folder = tmp_path_factory.mktemp("cluster")
    process = start(folder, "scheduler", "--host", "127.0.0.1", "--port", "0")
    until = time.monotonic() + 60
    while not (folder / "scheduler.json").exists():
        assert process.poll() is None, (folder / "scheduler.log").read_text()
        assert time.monotonic() < until, (folder / "scheduler.log").read_text()
        time.sleep(0.1)
    time.sleep(0.1)  # it writes the file in one piece, but not at once
    yield folder, str(json.loads((folder / "scheduler.json").read_text())["address"])
    process.kill()
    process.wait()


def test_a_worker_killed_in_the_middle_changes_nothing(
    source: Any, tmp_path: Path, scheduler: tuple[Path, str]
) -> None:
    folder, address = scheduler
    build(source, tmp_path / "whole", SMALL, workers=1)
    workers = [start_worker(folder) for _ in range(2)]
    try:
        wait_for(address, 2)
        struck: list[int] = []

        def strike(what: str, words: int, _total: int) -> None:
            if what == "words" and words and not struck:
                workers[0].send_signal(signal.SIGKILL)
                struck.append(words)

        built = build(source, tmp_path / "lmdb", SMALL, scheduler=address, workers=1, progress=strike)
        workers[0].wait(10)
        assert [worker.poll() for worker in workers] == [-signal.SIGKILL, None]
        assert struck == [7]  # of 126 words
        assert not built.already
        assert tree(tmp_path / "lmdb") == tree(tmp_path / "whole")
        assert not (tmp_path / "lmdb/.build").exists()
        assert build(source, tmp_path / "lmdb", SMALL, scheduler=address, workers=1).already
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (
            "versions",
            r"worker tcp://127\.0\.0\.1:\d+ has pillow 1\.2\.3, and the head has .*: install the same version",
        ),
        (
            "nothing",
            r"worker tcp://\S+ cannot import htrdata \(there is none .*\), and the head has .*: install",
        ),
        ("threads", r"worker tcp://\S+ has 2 threads, .*: start it with --nthreads 1, and --nworkers 2"),
    ],
)
def test_a_worker_that_differs_is_refused_before_any_work(
    source: Any, tmp_path: Path, scheduler: tuple[Path, str], kind: str, message: str
) -> None:
    folder, address = scheduler
    (tmp_path / "path/pillow-1.2.3.dist-info").mkdir(parents=True)
    if kind == "versions":
        (tmp_path / "path/pillow-1.2.3.dist-info/METADATA").write_text("Name: pillow\nVersion: 1.2.3\n")
    if kind == "nothing":
        (tmp_path / "path/htrdata.py").write_text("raise ModuleNotFoundError('there is none here', name='htrdata')")
    wait_for(address, 0)
    worker = start_worker(folder, "--nthreads", "2" if kind == "threads" else "1", path=str(tmp_path / "path"))
    try:
        wait_for(address, 1)
        with pytest.raises(UsageError, match=message):
            build(source, tmp_path / "lmdb", SMALL, scheduler=address, workers=1)
    finally:
        worker.kill()
        worker.wait()
    assert not list((tmp_path / "lmdb/.build/drawn/parts").iterdir())


def test_a_scheduler_without_workers_and_none_at_all_are_said(
    source: Any, tmp_path: Path, scheduler: tuple[Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    wait_for(scheduler[1], 0)
    with pytest.raises(UsageError, match=f"the scheduler {scheduler[1]} has no workers: start some, dask worker"):
        build(source, tmp_path / "lmdb", SMALL, scheduler=scheduler[1], workers=1)
    monkeypatch.setattr(cluster, "_SECONDS", 0.5)
    begun = time.monotonic()
    for address in ("tcp://127.0.0.1:1", "nonsense://here", "nonsense://here:1", "here", "tcp://here", "tcp://here:x"):
        with pytest.raises(UnreachableError, match=f"no scheduler answers at {address} .*: start one"):
            build(source, tmp_path / "lmdb", SMALL, scheduler=address, workers=1)
    gc.collect()  # which ends a client that did not begin
    assert time.monotonic() - begun < 20


def test_what_differs_is_said_with_a_remedy(source: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = make_plan(source, SMALL)
    note = tmp_path / "note"
    note.write_text("")
    head = agreement_of(plan, note)
    assert head.page == source.listed[0]
    assert difference(head) is None
    missing = source.listed[0].image.path
    for there, said in (
        (replace(head, versions={**head.versions, "numpy": "9.9"}), r"has numpy \d.*, and the head has 9\.9: install"),
        (replace(head, versions={**head.versions, "python": "3.9.1"}), r"has python \d.*, and the head has 3\.9\.1"),
        (replace(head, folder=tmp_path / "gone"), "has no folder .*gone, in which the head runs: run it in"),
        (replace(head, note=tmp_path / "gone"), "does not see .*gone, which the head has written: give --out on"),
        (replace(head, drawn="other", machine="riscv64"), r"cuts other pixels \(.*\) than the head \(riscv64\): take"),
        (replace(head, cut="other"), "cuts other pixels .* from page 'page00': the data set, or the processor"),
    ):
        found = difference(there)
        assert found is not None
        assert re.match(said, found)
    missing.unlink()
    assert str(difference(head)).startswith("cannot read page 'page00', which the head reads: mount the data set there")


@pytest.mark.parametrize("options", [BuildOptions(), BuildOptions(height=0, color="rgb", format="png")])
def test_another_kernel_is_noticed(options: BuildOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A single pixel that one processor rounds otherwise is enough."""
    agree_by_file(tmp_path / "crops", options)
    agree_by_file(tmp_path / "crops", options)
    before, crop = drawn_crops(options), cropping.crop

    def rounded(*given: Any, **more: Any) -> Any:
        pixels = np.array(crop(*given, **more))
        pixels.flat[0] ^= 64
        return pixels

    monkeypatch.setattr("htrdata.building.page_cutting.crop", rounded)
    assert drawn_crops(options) != before
    with pytest.raises(CannotCreateError, match="cuts other pixels than the one that began this build"):
        agree_by_file(tmp_path / "crops", options)


def test_shards_written_elsewhere_are_moved_to_the_store(source: Any, tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    options = BuildOptions(part_words=20, shard_words=20)
    build(source, tmp_path / "one", options, workers=1)
    build(source, tmp_path / "two", options, workers=2, scratch=tmp_path / "scratch")
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    assert not list((tmp_path / "scratch").iterdir())
    with pytest.raises(UsageError, match=r"--scratch .*nowhere is no folder"):
        build(source, tmp_path / "three", options, workers=1, scratch=tmp_path / "nowhere")
