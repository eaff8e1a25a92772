"""Images with their texts, in the forms that ``htrdata folder`` reads, in place of a store."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from htrdata.cli.console import progress_bar
from htrdata.errors import BadDataError, HtrError, SourceMissingError, UsageError
from htrdata.records import Unit
from htrmodel.cli.scripting import say


@contextmanager
def as_store(
    data: Path, *, plain: bool, unit: Unit = "word", workers: int | None = None, judged: str | None = None
) -> Iterator[Path]:
    """A store as it is; of images with their texts a store that is there until the command is done.

    It is made in the system's folder for temporary files, of the images as they are, by the rules of ``htrdata
    folder``; what became of the words is said. Equal folders make equal stores, so that a training goes on.

    Args:
        data: what a person names.
        plain: whether LMDBs in ``train/`` and ``val/`` pass as they are, since the command reads them itself.
        unit: what the images show.
        workers: processes to build in; one per usable core where None.
        judged: the split that is judged, if that is done: others of the words are not, which is said where nobody but
            this function has dealt them out.

    Raises:
        UsageError: the folder can be read in several ways, and the option that says in which is of ``htrdata folder``.
        BadDataError: what the folder holds is wrong.
        HtrError: as the build's own.
    """
    if not _is_labelled(data, plain=plain):
        yield data
        return
    folder = Path(tempfile.mkdtemp(prefix="htrmodel-"))
    try:
        _build(data, folder / "store", unit, workers, judged)
        yield folder / "store"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_labelled(data: Path, *, plain: bool) -> bool:
    from htrdata.sources.folder.finding import look
    from htrdata.store.format import DATA_FILE, DATASET_FILE
    from htrmodel.data.splits import split_folder

    if data.is_file():
        return True
    if not data.is_dir() or (data / DATASET_FILE).exists() or any(data.glob(f"*/{DATASET_FILE}")):
        return False
    if plain and any(split_folder(data, "train").rglob(DATA_FILE)):
        return False
    _, found = look(data)
    return bool(found.images or found.tables or found.shards or found.archives or found.not_read)


def _build(data: Path, store: Path, unit: Unit, workers: int | None, judged: str | None) -> None:
    from htrdata.building.builder import build
    from htrdata.building.options import BuildOptions
    from htrdata.building.report import summary
    from htrdata.sources.folder import Folder
    from htrdata.sources.folder.splitting import GIVEN

    try:
        with progress_bar() as progress:
            source = Folder(data, unit=unit, progress=progress)
            notes = source.notes
        for note in notes:
            say(note)
        with progress_bar() as progress:
            built = build(source, store, BuildOptions(height=0), workers=workers, progress=progress)
    except (UsageError, BadDataError, SourceMissingError) as error:
        raise _with_remedy(error, data) from error
    say(summary(built.description))
    words = Counter({shard.split: shard.words for shard in built.description.shards.values()})
    if judged is not None and source.division.scheme != GIVEN:
        say(
            f"nothing holds words of {data} out: of {words.total():,} words {words[judged]:,} are judged; "
            f"to judge all: `htrdata folder {data} --split {judged} --out STORE`, and name that store"
        )
    say(f"{data} is read as it stands; `htrdata folder {data}` makes a store of it that stays")


def _with_remedy(error: HtrError, data: Path) -> HtrError:
    """The error, and where the options are that it names."""
    if "--" not in str(error):
        return error
    return type(error)(f"{error}\nSuch options are those of `htrdata folder {data} --out STORE`: name that store then")
