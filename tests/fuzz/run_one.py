"""Fuzzes one target in this process with atheris: `python -m tests.fuzz.run_one NAME RUNS FOLDER SEED`.

FOLDER keeps the corpus that grows, the count of executions, and an input and a traceback for each kind of finding. What
Python raises does not end it; a signal, a hang or too much memory does, and leaves its input there too.
"""

from __future__ import annotations

import mmap
import struct
import sys
import tempfile
import traceback
from pathlib import Path
from types import TracebackType

import atheris

LONGEST_SECONDS = 20
MEMORY_MB = 3000
GUIDING = ("htrdata", "htrmodel")
"""Packages whose branches guide the search."""

_NUMBER = struct.Struct("<Q")


class Counter:
    """A count that survives the end of the process, whatever that is."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(_NUMBER.size))
        with path.open("rb+") as file:
            self._map = mmap.mmap(file.fileno(), _NUMBER.size)
        (self.count,) = _NUMBER.unpack_from(self._map)

    def add(self) -> None:
        """One more."""
        self.count += 1
        _NUMBER.pack_into(self._map, 0, self.count)


def executions(folder: Path) -> int:
    """How many inputs have been tried in a folder."""
    path = folder / "executions"
    return int(_NUMBER.unpack(path.read_bytes())[0]) if path.exists() else 0


def fuzz(name: str, runs: int, folder: Path, seed: int) -> None:
    """Tries that many inputs; see the module. Does not return."""
    with atheris.instrument_imports(include=[*GUIDING], enable_loader_override=False):
        from .targets import TARGETS

    target = TARGETS[name]
    for kind in ("corpus", "seeds", "findings"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(target.seeds()):
        (folder / "seeds" / f"{number:03d}").write_bytes(data)
    kept = Path(__file__).with_name("corpus") / name
    counter = Counter(folder / "executions")
    seen: set[str] = {path.name for path in (folder / "findings").iterdir()}
    place = Path(tempfile.mkdtemp(prefix=f"fuzz-{name}-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None))

    def one(data: bytes) -> None:
        counter.add()
        try:
            target.attempt(data, place)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding
            found = f"{type(error).__name__}-{_where(error.__traceback__)}"
            if found not in seen:
                seen.add(found)
                (folder / "findings" / found).write_bytes(data)
                (folder / "findings" / f"{found}.txt").write_text(traceback.format_exc(), errors="backslashreplace")

    atheris.Setup(
        [
            sys.argv[0],
            f"-runs={runs}",
            f"-max_len={target.largest}",
            f"-timeout={LONGEST_SECONDS}",
            f"-rss_limit_mb={MEMORY_MB}",
            f"-artifact_prefix={folder}/",
            f"-seed={seed}",
            "-print_final_stats=1",
            "-verbosity=1",
            str(folder / "corpus"),
            str(folder / "seeds"),
            *([str(kept)] if kept.is_dir() else []),
        ],
        one,
    )
    atheris.Fuzz()


def _where(trace: TracebackType | None) -> str:
    """The innermost line of ours."""
    frames = [one for one in traceback.extract_tb(trace) if "/htrdata/" in one.filename or "/htrmodel/" in one.filename]
    last = frames[-1] if frames else traceback.extract_tb(trace)[-1]
    return f"{Path(last.filename).stem}-{last.lineno}"


if __name__ == "__main__":
    fuzz(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
