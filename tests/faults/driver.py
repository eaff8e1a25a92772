"""Strikes works at their file operations, one after the other: a program that is started with ``disk.c`` before it.

    python -m tests.faults.driver FOLDER

reads jobs, a line of JSON each (see `Job`), and prints a line of JSON for each try, and at the end of each job one with
the count of operations.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from .recorded_disk import Kind, RecordedDisk, lay_out, read_record
from .scenarios import Scenario, attempt, copy, find_scenario
from .shim import Disk, How, Kinds

_HOW = {"fail": How.FAIL, "fail-from": How.FAIL_FROM, "kill": How.KILL, "kill-within": How.KILL_WITHIN}
POWER_LOSS = "power-loss"


@dataclass(frozen=True, slots=True)
class Job:
    """What is struck, and how.

    Attributes:
        scenario: the work.
        how: ``fail`` (one operation does), ``fail-from`` (all from one on do), ``kill`` before an operation,
            ``kill-within`` a write, ``power-loss`` after an operation.
        kinds: which operations are counted; see `Kinds`.
        error: the errno of a failure.
        every: at which operations: 1 for all of them.
        first: the first one, counted from 1; a negative one is counted from the end.
    """

    scenario: str
    how: str
    kinds: int = Kinds.WRITING
    error: int = 0
    every: int = 1
    first: int = 1

    def operations(self, count: int) -> range:
        """Which of so many operations are struck, counted from 1."""
        return range(self.first if self.first > 0 else max(1, count + 1 + self.first), count + 1, self.every)


def main() -> None:
    """See the module."""
    strikers: dict[tuple[str, int], Striker] = {}
    for text in sys.stdin:
        job = Job(**json.loads(text))
        key = job.scenario, job.kinds
        if key not in strikers:
            folder = Path(sys.argv[1]).resolve() / str(len(strikers))
            strikers[key] = Striker(find_scenario(job.scenario), folder, Kinds(job.kinds))
        for found in strikers[key].strike(job):
            sys.stdout.write(json.dumps(found) + "\n")
            sys.stdout.flush()


class Striker:
    """A scenario, prepared in a folder: as it is before (``before``), and once the work is done (``after``).

    Attributes:
        operations: of the work, untouched.
    """

    def __init__(self, scenario: Scenario, folder: Path, kinds: Kinds) -> None:
        self.scenario, self.folder, self.kinds = scenario, folder, kinds
        self.before, self.after, self.record = folder / "before", folder / "after", folder / "record"
        self.disk = Disk()
        self.folder.mkdir(parents=True)

        # In a child: what a work leaves running in a process must not be there when a child is forked for the next.
        code, said = in_child(self._prepare)
        if code:
            raise RuntimeError(said)
        self.operations, modules = json.loads(said)
        for module in modules:  # or each child would import them anew
            with contextlib.suppress(ImportError):
                importlib.import_module(module)

    def _prepare(self) -> str:
        self.before.mkdir()
        self.scenario.prepare(self.before)
        copy(self.before, self.after)
        self.disk.watch(self.after, self.record)
        self.disk.arm(How.COUNT, kinds=self.kinds)
        self.scenario.act(self.after)
        operations = self.disk.disarm()
        self.disk.watch(self.folder / "nothing")
        self.scenario.check(copy(self.after, self.folder / "again"), self.before, self.after)
        return json.dumps([operations, sorted(sys.modules)])

    def strike(self, job: Job) -> Iterator[dict[str, object]]:
        """Does a job; yields what came of each try, ``bad`` where that is wrong."""
        count = len(read_record(self.record)) if job.how == POWER_LOSS else self.operations
        for nth in job.operations(count):
            if job.how == POWER_LOSS:
                found = self._lose_power(nth)
            elif job.how.startswith("kill"):
                found = self._kill(nth, _HOW[job.how])
            else:
                found = self._fail(nth, _HOW[job.how], job.error)
            yield {"nth": nth, **found}
        yield {"operations": count}

    def _fail(self, nth: int, how: How, error: int) -> dict[str, str]:
        """The n-th operation fails, or all from there on."""
        case = copy(self.before, self.folder / f"case{nth}")

        def work() -> str:
            self.disk.watch(case)
            self.disk.arm(how, nth, error, self.kinds)
            try:
                message = attempt(self.scenario, case)
            finally:
                place = self.disk.place()
                self.disk.disarm()
            self.scenario.check(case, self.before, self.after)
            return json.dumps({"place": _below(place, case), "message": _below(message or "done", case)})

        code, said = in_child(work)
        shutil.rmtree(case, ignore_errors=True)
        found: dict[str, str] = json.loads(said) if not code else {"bad": f"{code}: {said}"}
        return found

    def _kill(self, nth: int, how: How) -> dict[str, str]:
        """The process ends at the n-th operation; another one then goes on."""
        case = copy(self.before, self.folder / f"case{nth}")

        def struck() -> str:
            self.disk.watch(case)
            self.disk.arm(how, nth, 0, self.kinds)
            self.scenario.act(case)
            return "done"

        def judged() -> str:
            self.scenario.check(case, self.before, self.after)
            return "sound"

        ended, said = in_child(struck)
        if ended != -signal.SIGKILL and said != "done":
            return {"bad": f"{ended}: {said}"}
        code, said = in_child(judged)
        shutil.rmtree(case, ignore_errors=True)
        return {"message": "killed" if ended else "done"} if not code else {"bad": f"{code}: {said}"}

    def _lose_power(self, nth: int) -> dict[str, str]:
        """The power fails after so many recorded calls, on both kinds of file system; another process then goes on."""
        calls = read_record(self.record)

        def judged(kind: Kind) -> str:
            case = self.folder / f"case{nth}{kind}"
            disk = RecordedDisk(self.before, str(self.after), kind)
            disk.play(calls[:nth])
            lay_out(disk.after_power_loss(nth, (nth % 3) / 2), case)
            if nth == len(calls):
                self.scenario.states(case, self.after, self.after)  # what was said to be done is done
            self.scenario.check(case, self.before, self.after)
            shutil.rmtree(case)
            return "sound"

        found = [in_child(functools.partial(judged, kind)) for kind in get_args(Kind)]
        bad = [said for code, said in found if code]
        return {"bad": "\n".join(bad)} if bad else {"message": "sound"}


def in_child(work: Callable[[], str]) -> tuple[int, str]:
    """Does some work in a fork of this process; returns how that ended, and what it said or the traceback."""
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(receive)
        code = 0
        try:
            said = work()
        except BaseException:  # noqa: BLE001 - whatever it is, the parent hears of it
            code, said = 1, traceback.format_exc()
        with os.fdopen(send, "w", errors="backslashreplace") as pipe:
            pipe.write(said)
        os._exit(code)
    os.close(send)
    with os.fdopen(receive) as pipe:
        said = pipe.read()
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said


def _below(text: str, case: Path) -> str:
    return text.replace(str(case), "CASE")


if __name__ == "__main__":
    main()
