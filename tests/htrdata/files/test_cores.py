"""Processes and threads are as many as this process may use cores, and one module says how many these are."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from htrdata.files import cores
from htrdata.files.cores import thread_limit, usable_cores

ROOT = Path(__file__).parents[3]

MANY = 64


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the files of a system of 64 cores are, all of them ours unless a file says otherwise."""
    monkeypatch.setattr(cores, "_processors", lambda: MANY)
    monkeypatch.setattr(os, "cpu_count", lambda: MANY)
    return tmp_path


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


V1 = "11:memory:/docker/ab\n4:cpu,cpuacct:/docker/ab\n3:cpuset:/docker/ab\n1:name=systemd:/docker/ab\n0::/docker/ab\n"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({}, MANY),
        ({"proc/self/cgroup": "0::/\n"}, MANY),
        # A container of Docker or Kubernetes: its own group is the root.
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "400000 100000\n"}, 4),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, MANY),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"}, 2),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "5000 100000\n"}, 1),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "9900000 100000\n"}, MANY),
        # Systemd or Slurm on the machine itself: the least of a group and those above it.
        (
            {
                "proc/self/cgroup": "0::/user.slice/job_7/step_0\n",
                "sys/fs/cgroup/user.slice/job_7/step_0/cpu.max": "max 100000\n",
                "sys/fs/cgroup/user.slice/job_7/cpu.max": "800000 100000\n",
                "sys/fs/cgroup/user.slice/cpu.max": "3200000 100000\n",
                "sys/fs/cgroup/other/cpu.max": "100000 100000\n",
            },
            8,
        ),
        # The first version, within a container: named as on the host, of which nothing is seen.
        (
            {
                "proc/self/cgroup": V1,
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "250000\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            3,
        ),
        (
            {
                "proc/self/cgroup": V1,
                "sys/fs/cgroup/cpu/docker/ab/cpu.cfs_quota_us": "200000\n",
                "sys/fs/cgroup/cpu/docker/ab/cpu.cfs_period_us": "50000\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            4,
        ),
        # What no system writes is no quota.
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "\n"}, MANY),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "100000 0\n"}, MANY),
        ({"proc/self/cgroup": "0::/../../elsewhere\n", "sys/fs/cgroup/cpu.max": "200000 100000\n"}, 2),
    ],
)
def test_a_quota_counts(machine: Path, files: dict[str, str], found: int) -> None:
    write(machine, files)
    assert usable_cores(machine) == found
    assert thread_limit(machine) == (0 if found == MANY else found)


@pytest.fixture
def one_core() -> Iterator[None]:
    """This process may run on one processor alone."""
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system has no affinity")
    mine = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(mine)})
    yield
    os.sched_setaffinity(0, mine)


@pytest.mark.usefixtures("one_core")
def test_affinity_counts() -> None:
    assert usable_cores() == 1
    assert thread_limit() == (0 if os.cpu_count() == 1 else 1)


def test_nobody_else_counts_cores() -> None:
    counting = re.compile(r"\b(cpu_count|process_cpu_count|sched_getaffinity)\b")
    found = [
        path.relative_to(ROOT).as_posix()
        for folder in ("htrdata", "htrmodel", "pipelines")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if counting.search(path.read_text("utf-8"))
    ]
    assert found == ["htrdata/files/cores.py"]
