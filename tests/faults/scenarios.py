"""What the faults strike: works that write, how they are set up, and what must be true after them."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from htrdata.building.builder import build
from htrdata.building.options import BuildOptions
from htrdata.errors import HtrError
from htrdata.files.writing import write_atomically
from htrdata.store.verification import verify

from ..fuzz.made_inputs import NoiseSource

Tree = dict[str, str]

OLD = BuildOptions(height=16, shard_words=3, quality=80)
NEW = BuildOptions(height=24, part_words=4)


def tree(folder: Path) -> Tree:
    """Every file below a folder with the SHA-256 of its bytes, and every folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in sorted(folder.rglob("*"))
    }


@dataclass(frozen=True, slots=True)
class Scenario:
    """A work on files.

    Attributes:
        name: of the scenario.
        prepare: makes the folder of a case what it is before the work; called once, the folder is then copied.
        act: the work; whatever it needs is below the folder.
        states: judges the folder of a case once the work was struck, given the folder as it was before, and as it is
            after the whole work. Raises AssertionError.
        result: all that the whole work comes to, in a folder where it was done.
    """

    name: str
    prepare: Callable[[Path], object]
    act: Callable[[Path], object]
    states: Callable[[Path, Path, Path], None]
    result: Callable[[Path], Tree]

    def check(self, case: Path, before: Path, after: Path) -> None:
        """Judges what a struck work left: it is as it was or as it should be, and the same work then ends as ever."""
        self.states(case, before, after)
        self.act(case)
        expected, found = self.result(after), self.result(case)
        assert found == expected, f"the same work again differs in {sorted(dict(found.items() ^ expected.items()))}"


def without_strays(folder: Path) -> Tree:
    """As `tree`, but for files that a killed process was writing; their names are never taken for those of anything."""
    found = tree(folder)
    return {name: found[name] for name in found if not (Path(name).name.startswith(".") and name.endswith(".tmp"))}


# Building a store


def _store_states(case: Path, before: Path, after: Path) -> None:
    """The old data set or the new one stands there, whole; none where there was none, or on the way between them."""
    there, old, new = (_live(place / "store") for place in (case, before, after))
    if there is None and (case / "store/.build/drawn/moves.json").exists():
        return  # its folders cannot all be moved at once: the next build ends it
    assert there in (old, new), f"neither the old nor the new one: {sorted(there or ())}"


def _live(store: Path) -> Tree | None:
    """The files of the data set that a reader sees."""
    if not (store / "drawn/dataset.json").exists():
        return None
    return {name: digest for name, digest in tree(store).items() if digest != "folder" and not name.startswith(".")}


def _draw(case: Path) -> NoiseSource:
    return NoiseSource(case / "pages", pages_per_split=1).draw()


def _draw_with_old(case: Path) -> None:
    build(_draw(case), case / "store", OLD, workers=1)


def _draw_with_parts(case: Path) -> None:
    source = _draw(case)

    def stop(what: str, done: int, _total: int) -> None:
        if what == "shards":
            raise KeyboardInterrupt

    try:
        build(source, case / "store", NEW, workers=1, progress=stop)
    except KeyboardInterrupt:
        return
    raise AssertionError("the build was not stopped")


def check_whole(store: Path) -> None:
    """Raises AssertionError where `verify` finds anything."""
    problems = [problem for dataset in verify(store, decode=True) for problem in dataset.problems]
    assert not problems, problems


def _build(case: Path, *, overwrite: bool = False, workers: int = 1) -> None:
    source = NoiseSource(case / "pages", pages_per_split=1)
    build(source, case / "store", NEW, workers=workers, overwrite=overwrite)


def _built(case: Path) -> Tree:
    return tree(case / "store")


# One file


def _file_states(case: Path, before: Path, after: Path) -> None:
    there, old, new = (_content(place / "files/model.bin") for place in (case, before, after))
    assert there in (old, new), "neither the old nor the new file"


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _old_file(case: Path) -> None:
    (case / "files").mkdir()
    (case / "files/model.bin").write_bytes(b"old" * 3000)


SCENARIOS = {
    one.name: one
    for one in (
        Scenario("build", _draw, _build, _store_states, _built),
        Scenario("build on", _draw_with_parts, _build, _store_states, _built),
        Scenario("overwrite", _draw_with_old, lambda case: _build(case, overwrite=True), _store_states, _built),
        Scenario(
            "write a file",
            _old_file,
            lambda case: write_atomically(case / "files/model.bin", b"new" * 5000),
            _file_states,
            lambda case: without_strays(case / "files"),
        ),
    )
}


def attempt(scenario: Scenario, case: Path) -> str | None:
    """Does the work; returns the message of an error of ours, None where it is done.

    Raises:
        Exception: anything else is a traceback.
    """
    try:
        scenario.act(case)
    except HtrError as error:
        return f"{type(error).__name__}: {error}"
    return None


def copy(folder: Path, to: Path) -> Path:
    """A copy of a prepared folder."""
    return Path(shutil.copytree(folder, to, symlinks=True))


def find_scenario(name: str) -> Scenario:
    """A scenario by its name."""
    if name not in SCENARIOS:
        from .model_scenarios import MODEL_SCENARIOS  # which imports torch

        return MODEL_SCENARIOS[name]
    return SCENARIOS[name]
