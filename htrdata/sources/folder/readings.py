"""Which of the files in a folder say what its images say: found by themselves, or as a person names them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from htrdata.errors import BadDataError, MissingPackageError, SourceMissingError, UsageError
from htrdata.files.regular import real_path
from htrdata.images.endings import unread_note
from htrdata.records.counting import plural
from htrdata.sources.folder import text_tables
from htrdata.sources.folder.finding import FolderListing
from htrdata.sources.folder.not_read import remedies
from htrdata.sources.folder.plain_shards import SHARD_FILE, PlainShard
from htrdata.sources.folder.recognising import recognise
from htrdata.sources.folder.rows import Asked, NotATableError, Table, split_named, split_within, without_split
from htrdata.sources.folder.texts_beside import ENDINGS, TextsBeside
from htrdata.sources.folder.texts_elsewhere import ending_of_text, pair_across
from htrdata.sources.folder.trees import Tree


@dataclass(frozen=True, slots=True)
class ReadingPart:
    """A table of a reading.

    Attributes:
        below: its folder below the root, with a slash behind it, or empty.
        name: what a person calls it: its path below the root, or the ending of texts beside images.
        table: the table.
        split: the one that its name, or that of a folder, stands for; None where none does.
    """

    below: str
    name: str
    table: Table
    split: str | None


Reading = tuple[ReadingPart, ...]
"""Tables that are read together: parts of one, such as ``train.csv`` and ``test.csv``."""


def find_readings(tree: Tree, listing: FolderListing, asked: Asked) -> list[Reading]:
    """All readings of a folder that there are, the likeliest first.

    Raises:
        SourceMissingError: there is none; the message says what was looked at.
        UsageError: a table is there, but a person must say what is meant.
    """
    groups: dict[tuple[str, ...], list[ReadingPart]] = {}
    refused: list[str] = []
    missing: MissingPackageError | None = None
    for below in listing.tables:
        try:
            part = _part(tree, below, asked)
        except (NotATableError, BadDataError) as error:
            refused.append(f"{below}: {error}")
        except MissingPackageError as error:
            missing = error
        else:
            stem, dot, ending = PurePosixPath(below).name.partition(".")
            groups.setdefault((without_split(stem), dot + ending), []).append(part)
    readings = [tuple(parts) for parts in groups.values()]
    readings += [tuple(_shards(tree, listing))] if listing.shards else []
    if not readings:
        _pair(tree, listing, asked)
    readings += [(beside,) for ending in ENDINGS if (beside := _beside(tree, listing, ending, asked))]
    if not readings and missing is not None:
        raise missing
    if missing is not None:
        listing.told.append(f"not read: {missing}")
    if not readings:
        raise SourceMissingError(_nothing(tree, listing, refused))
    return readings


def named_reading(tree: Tree, listing: FolderListing, names: Sequence[str], asked: Asked) -> Reading:
    """The reading of the tables that a person names, by their paths, or by the ending of texts beside images.

    Raises:
        SourceMissingError: there is no such file, or no such text.
        BadDataError: it is no table of images and texts.
        UsageError: a person must say what else is meant.
    """
    parts: list[ReadingPart] = []
    for name in names:
        if name in ENDINGS:
            _pair(tree, listing, asked)
            beside = _beside(tree, listing, name, asked)
            if beside is None:
                raise SourceMissingError(f"no image in {tree.place} has a text beside it whose name ends in {name}")
            parts.append(beside)
            continue
        below = _below(tree, name)
        if below is None:
            raise SourceMissingError(
                f"there is no {name}, neither in {tree.place} nor here: name a table with --labels, or "
                f"{' or '.join(ENDINGS)}"
            )
        try:
            parts.append(_part(tree, below, asked))
        except NotATableError as error:
            raise BadDataError(f"{tree.table(below)} cannot be read as a table of images and texts: {error}") from error
    return tuple(parts)


def _below(tree: Tree, name: str) -> str | None:
    """The path of a table that a person names, below the root if it is there, else from the system's; None of none."""
    root = Path(tree.place)
    path = next((path for path in (root / name, Path(name)) if path.is_file()), None)
    if path is None:
        return name if tree.is_file(name) else None
    try:
        return real_path(path).relative_to(real_path(root)).as_posix()
    except ValueError:
        return str(real_path(path))


def _part(tree: Tree, below: str, asked: Asked) -> ReadingPart:
    if PurePosixPath(below).name == SHARD_FILE and isinstance(tree.table(below), Path):
        return next(_shards(tree, FolderListing(shards=[below.removesuffix(SHARD_FILE)])))
    table = recognise(tree.table(below), below, asked)
    place = PurePosixPath(below)
    split = split_within(place.stem) or next(filter(None, map(split_named, reversed(place.parts[:-1]))), None)
    return ReadingPart("" if place.is_absolute() else below[: -len(place.name)], below, table, split)


def _shards(tree: Tree, listing: FolderListing) -> Iterator[ReadingPart]:
    for below in sorted(listing.shards):
        split = next(filter(None, map(split_within, reversed(below.split("/")))), None)
        shard = PlainShard(Path(tree.place, below, SHARD_FILE), below)
        yield ReadingPart(below, f"{below}{SHARD_FILE}", shard, split)


def _pair(tree: Tree, listing: FolderListing, asked: Asked) -> None:
    """Where no text stands beside its image, looks for the images of texts in other folders."""
    if not listing.beside:
        pair_across(tree, listing, [text for ending in ENDINGS for text in _alone(tree, listing, ending, asked)])


def _beside(tree: Tree, listing: FolderListing, ending: str, asked: Asked) -> ReadingPart | None:
    pairs = listing.beside.get(ending)
    if not pairs:
        return None
    paired = {text for _, text in pairs}
    alone = tuple(text for text in _alone(tree, listing, ending, asked) if text not in paired)
    return ReadingPart("", ending, TextsBeside(tree, ending, pairs, asked.encoding, alone), None)


def _alone(tree: Tree, listing: FolderListing, ending: str, asked: Asked) -> Iterator[str]:
    """The texts with an ending that have no image beside them, and are no tables."""
    for below in listing.tables:
        if ending_of_text(below) == ending:
            try:
                text_tables.recognise(tree.table(below), asked)
            except NotATableError:
                yield below
            except (BadDataError, UsageError):
                continue  # a table, of which something else is told


def _nothing(tree: Tree, listing: FolderListing, refused: Sequence[str]) -> str:
    unread = f"; {unread_note(listing.unread)}" if listing.unread else ""
    looked = f"; looked into {'; '.join(refused[:3])}{' …' if len(refused) > 3 else ''}" if refused else ""
    told = remedies(listing.not_read)
    if listing.archives:
        told.append(
            f"unpack {listing.archives[0]}, or name it as PATH: it is not looked into, as there are other files"
        )
    others = f"; {'; '.join(told)}" if told else ""
    lacking = f"says what its {listing.images:,} images say" if listing.images else "is an image"
    return (
        f"nothing in {tree.place} {lacking}{looked}{unread}{others}. Write {Path(tree.place, 'gt.txt')}, "
        "a line for each: path, tab, text; or name a table with --labels"
    )


def choose(readings: Sequence[Reading], compared: Callable[[Reading], dict[str, str]]) -> tuple[Reading, list[Reading]]:
    """The reading that is meant, and others that say the same.

    Args:
        readings: at least one.
        compared: gives the texts of a reading by what tells its images.

    Raises:
        UsageError: two say something else; the message names the option for each.
    """
    best, *others = sorted(readings, key=_knows_less)
    texts = compared(best) if others else {}
    for other in others:
        those = compared(other)
        if texts != those:
            raise UsageError(_differing(best, texts, other, those))
    return best, others


def _knows_less(reading: Reading) -> tuple[int, bool]:
    known = frozenset[str]().union(*(part.table.known for part in reading))
    splits = all(part.split for part in reading)
    return -len(known | ({"split"} if splits else set())), reading[0].name in ENDINGS


def _differing(one: Reading, texts: dict[str, str], other: Reading, those: dict[str, str]) -> str:
    both = next((name for name, text in texts.items() if name in those and those[name] != text), None)
    alone = next((name for name in (*(texts.keys() - those.keys()), *(those.keys() - texts.keys()))), None)
    if both is not None:
        example = f"{both} is {texts[both]!r} in one and {those[both]!r} in the other"
    else:
        example = f"{alone} is in one of them only"
    options = " or ".join(
        f"{options_for(reading)} ({plural(len(found), 'word')})" for reading, found in ((one, texts), (other, those))
    )
    return f"the texts of the images can be read in two ways, and {example}: choose with {options}"


def options_for(reading: Reading) -> str:
    """What to give to choose a reading."""
    shown = [f"--labels {part.name}" for part in reading[:3]]
    return " ".join(shown) + (" …" if len(reading) > 3 else "")
