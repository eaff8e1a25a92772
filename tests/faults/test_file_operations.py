"""Works that are struck at their file operations: one fails, or all from one on; the process ends; the power goes.

Whatever strikes, what was there before is there, or what should come of it, and the same work then ends as ever.
"""

from __future__ import annotations

import errno
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from .driver import POWER_LOSS, Job
from .effort import ALL, TRIED, every
from .shim import ROOT, Kinds, compiler, environment

READING, WRITING = int(Kinds.READING), int(Kinds.WRITING)

JOBS = [
    Job("write a file", "fail", WRITING, errno.EIO),
    Job("write a file", "kill", WRITING),
    Job("write a file", "kill-within", WRITING),
    Job("write a file", POWER_LOSS),
    Job("build", "fail", WRITING, errno.EIO, every(29)),
    Job("build", "fail-from", WRITING, errno.ENOSPC, every(41), 2),
    Job("build", "fail", READING, errno.EIO, every(23)),
    Job("build", "kill", WRITING, 0, every(37), 3),
    Job("build", "kill-within", WRITING, 0, every(53), 7),
    Job("build", POWER_LOSS, WRITING, 0, every(31), 5),
    Job("overwrite", "fail", WRITING, errno.EIO, every(43), 4),
    Job("overwrite", "kill", WRITING, 0, every(6), 1 if ALL else -66),  # the moves into the store are the last ones
    Job("overwrite", POWER_LOSS, WRITING, 0, every(43), 12),
    *(
        [
            Job("build on", "fail", WRITING, errno.EIO),
            Job("build on", "fail-from", WRITING, errno.ENOSPC),
            Job("build on", "kill", WRITING),
            Job("build on", POWER_LOSS),
            Job("overwrite", "fail-from", WRITING, errno.ENOSPC),
            Job("overwrite", "kill-within", WRITING),
            Job("overwrite", "fail", READING, errno.EIO),
            *(
                Job(work, how, WRITING, errno.EIO if how == "fail" else errno.ENOSPC)
                for work in ("fine-tune", "save a checkpoint", "decode into a cache")
                for how in ("fail", "fail-from", "kill", POWER_LOSS)
            ),
        ]
        if ALL
        else []
    ),
]


class Driver:
    """The program that strikes: one process for all jobs, each once it is asked for."""

    def __init__(self, folder: Path) -> None:
        self._said = folder / "driver.log"
        with self._said.open("w") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.driver", str(folder / "struck")],
                cwd=ROOT,
                env=environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )

    def strike(self, job: Job) -> tuple[list[dict[str, Any]], int]:
        """What came of each try, and how many operations the work has."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(asdict(job)) + "\n")
        self.process.stdin.flush()
        tries: list[dict[str, Any]] = []
        for line in self.process.stdout:
            found = json.loads(line)
            if "operations" in found:
                return tries, found["operations"]
            tries.append(found)
        pytest.fail(f"the driver ended: {self._said.read_text()[-3000:]}")


@pytest.fixture(scope="module")
def driver(quick_folder: Path) -> Iterator[Driver]:
    """The program that strikes."""
    if compiler() is None:
        pytest.skip("no C compiler for Linux here: file operations are not struck")
    driver = Driver(quick_folder)
    with driver.process:
        yield driver


@pytest.mark.parametrize("job", JOBS, ids=lambda job: f"{job.scenario}-{job.how}-{Kinds(job.kinds).name}".lower())
def test_a_struck_work_leaves_the_old_or_the_new(driver: Driver, job: Job) -> None:
    tries, operations = driver.strike(job)
    assert len(tries) == len(job.operations(operations)) > 0
    kinds = "reading" if job.kinds == Kinds.READING else "writing"
    for one in tries:
        assert "bad" not in one, f"operation {one['nth']}: {one['bad']}"
        message = one["message"]
        outcome = message if message in ("done", "killed", "sound") else f"{message.split(':')[0]}, then built"
        TRIED[f"{job.scenario}, {job.how}, {kinds}", outcome] += 1
        if outcome.endswith("built"):
            assert "CASE/" in message, f"{one['place']} failed, and the message names no place: {message}"
            assert not re.search(r"Traceback|<\w+ object", message)
    if job.how == "kill":
        assert {one["message"] for one in tries} == {"killed"}
