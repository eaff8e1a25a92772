"""How many cores this process may use: in a job of a cluster or a container fewer than its machine has.

The one place where that is decided. The system's files tell of the time that a group of processes may take, its quota
(``docker run --cpus 2``, a limit of Kubernetes, ``CPUQuota=`` of systemd); affinity is the processors that a process
may run on (``taskset``, tasks that Slurm binds, ``docker run --cpuset-cpus``). Python counts the latter alone, and
libraries that count for themselves mostly neither.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path


def usable_cores(root: Path = Path("/")) -> int:
    """How many cores this process may use, at least 1; of a quota a part of a core counts as one.

    Args:
        root: where ``proc`` and ``sys`` are.
    """
    return max(1, min([_processors(), *_quotas(root)]))


def thread_limit(root: Path = Path("/")) -> int:
    """What to tell a library that counts the cores of the machine: how many are ours, or 0 where all are."""
    cores = usable_cores(root)
    return cores if cores < (os.cpu_count() or 1) else 0


def _processors() -> int:
    if sys.version_info >= (3, 13):
        return os.process_cpu_count() or 1  # what PYTHON_CPU_COUNT says goes before
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _quotas(root: Path) -> Iterator[int]:
    """The quotas of the groups of this process and of all above them, in cores."""
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, group = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        mount = root / "sys/fs/cgroup" / ("cpu" if controllers else "")
        # Within a container the group may be named as on its host, where nothing of that name is; the mount is its own.
        place = mount / group.lstrip("/")
        for folder in (place, *place.parents):
            yield from _quota(folder)
            if folder == mount:
                break


def _quota(folder: Path) -> Iterator[int]:
    """The quota that stands in the folder of a group, rounded up; nothing where there is none."""
    found = " ".join(_lines(folder / "cpu.max"))  # "200000 100000", or "max 100000": microseconds of how many
    if not found:
        found = " ".join(
            [*_lines(folder / "cpu.cfs_quota_us"), *_lines(folder / "cpu.cfs_period_us")]
        )  # the first, or -1
    time, _, period = found.partition(" ")
    if time.isdecimal() and period.isdecimal() and int(period):
        yield -(-int(time) // int(period))


def _lines(path: Path) -> list[str]:
    """The lines of a file of the system; none where the system has no such file, or does not show it."""
    try:
        return path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
