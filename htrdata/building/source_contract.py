"""What every source keeps to, as checks for its tests: of this package's readers and of anybody's.

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_the_source_keeps_the_contract(check, case, tmp_path):
        check(case, tmp_path)

``docs/adding-a-source.md`` leads through it. A check that fails raises AssertionError, which says what is wrong.
"""

from __future__ import annotations

import hashlib
import math
import pickle
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args
from unittest import mock

from htrdata.building.builder import build
from htrdata.building.manifest_writer import part_schema
from htrdata.building.options import BuildOptions
from htrdata.building.page_cutting import rows_of_page
from htrdata.errors import BadDataError, SourceMissingError
from htrdata.labels import legible
from htrdata.records import SPLITS, FileOnDisk, ImageFile, Page, Reason, Unit, Word
from htrdata.sources.base import Source
from htrdata.store.format import MANIFEST_FILE, checked_name
from htrdata.store.manifest import INK_THRESHOLD
from htrdata.store.manifest_reader import ManifestReader

HOSTILE_IDS = ("", ".", "../../x", "/etc/shadow-", "a/b", "..\\x", "CON", "a\0b", "x" * 300, "\udc80", "a\nb")
"""Ids as a stranger may write them: paths that lead elsewhere, names that no file may have, no text at all."""


@dataclass(frozen=True, slots=True)
class SourceCase:
    """A source, and a small sound data set that it is tried on.

    Attributes:
        open: makes the source of a root folder.
        root: the small data set, with all of its files, of which some words can be kept. It is copied, never changed.
        words: the transcription of each annotated word by its id, found without the source; None for a text that is
            nowhere but in the source.
        plant: adds one annotated word to a copy of the root, with this id: its own, or its page's, whichever may become
            the name of a file. None where no id comes from a file.
        remedy: what the message must contain where the root is not there, such as an option or an address.
    """

    open: Callable[[Path], Source]
    root: Path
    words: Mapping[str, str | None]
    plant: Callable[[Path, str], None] | None
    remedy: str


def describes_itself(case: SourceCase, _folder: Path) -> None:
    """Name, terms, division, settings, columns and published counts are of the form that a store can hold."""
    source = case.open(case.root)
    _require(checked_name(source.name) == source.name, f"the name {source.name!r} is none for a data set")
    _require(bool(source.info.title and source.info.licence), f"title or licence is missing in {source.info}")
    division = source.division
    _require(source.unit in get_args(Unit), f"the unit is {' or '.join(get_args(Unit))}, not {source.unit!r}")
    drawn, named = source.drawn, (division.corpus, division.scheme)
    _require(drawn is None or _is_text(drawn), "what is drawn is told in words, or None where nothing is")
    _require(all(map(_is_text, named)), f"the division lacks its corpus or scheme: {division}")
    texts = [text for parameter in division.parameters.items() for text in parameter]
    _require(all(isinstance(text, str) for text in texts), f"parameters are strings by strings: {division}")
    texts = [text for setting in source.settings.items() for text in setting]
    _require(all(isinstance(text, str) for text in texts), f"settings are strings by strings, not {source.settings}")
    part_schema(source.extra_columns)  # raises where a column has the name of another one
    for split, counts in source.published.items():
        _require(split in SPLITS, f"published counts are by {', '.join(SPLITS)}, not {split!r}")
        unknown = sorted(counts.keys() - {"words", *Reason})
        _require(not unknown, f"published counts are of words and of reasons, not {unknown}")
        _require(all(type(n) is int and n >= 0 for n in counts.values()), f"counts of {split} are numbers: {counts}")
        ruled_out = sum(n for what, n in counts.items() if what != "words")
        _require(ruled_out <= counts.get("words", ruled_out), f"more words of {split} are ruled out than there are")


def has_one_order(case: SourceCase, _folder: Path) -> None:
    """Pages come split by split, and the same ones in the same order on every call."""
    source = case.open(case.root)
    pages = _pages(source)
    _require(pages == _pages(source), "a second call of pages() gives other pages, or another order")
    _require(pages == _pages(case.open(case.root)), "another object for the same root gives other pages")
    order = [(*SPLITS, None).index(page.split) for page in pages]
    _require(order == sorted(order), "pages come as train, val, test, and then those in no split")


def lists_every_word_once(case: SourceCase, _folder: Path) -> None:
    """Each annotated word is there, with its transcription as it stands, once in its split; columns are declared."""
    source = case.open(case.root)
    pages = _pages(source)
    found = {word.id: word.text for page in pages for word in page.words}
    missing, strange = sorted(case.words.keys() - found.keys()), sorted(found.keys() - case.words.keys())
    _require(not missing, f"{len(missing)} annotated words do not come, the first: {missing[:3]}")
    _require(not strange, f"{len(strange)} words come that nobody annotated, the first: {strange[:3]}")
    for word_id, text in case.words.items():
        _require(text in (None, found[word_id]), f"word {word_id} is {found[word_id]!r}, annotated as {text!r}")
    counted = Counter((page.split, word.id) for page in pages for word in page.words if not _again(page, word))
    twice = [place for place, times in counted.items() if times > 1]
    _require(not twice, f"a word comes twice in a split, and the second is not {Reason.DUPLICATE_ID}: {twice[:3]}")
    for page in pages:
        _require(page.split in SPLITS or page.reason is not None, f"page {page.id!r} has neither a split nor a reason")
        for word in page.words:
            _check_word(word, source.extra_columns)


def opens_no_image(case: SourceCase, folder: Path) -> None:
    """`pages` reads annotations alone: with every image file overwritten, and none readable, it gives the same."""
    root = _copy(case, folder)
    before = _pages(case.open(root))
    images = {image for page in before for image in _images(page)}
    _require_inside(root, before)
    for image in images:
        if isinstance(image, FileOnDisk) and (size := image.size()):
            image.path.write_bytes(bytes(size))
    read: list[str] = []
    with ExitStack() as stack:
        for kind in {type(image) for image in images}:
            stack.enter_context(mock.patch.object(kind, "read", _noting(kind.read, images, read)))
        after = _pages(case.open(root))
    _require(not read, f"pages() reads images, the first: {read[:1]}")
    _require(after == before, "pages() depends on what is in the image files")


def survives_pickling(case: SourceCase, _folder: Path) -> None:
    """Source and pages go to other processes."""
    source = case.open(case.root)
    pages = list(source.pages())
    _require(pickle.loads(pickle.dumps(pages)) == pages, "pages are other ones after pickling")
    _require(_pages(pickle.loads(pickle.dumps(source))) == _pages(source), "a pickled source gives other pages")


def hostile_ids_lead_nowhere(case: SourceCase, folder: Path) -> None:
    """An id that is no id is a row with its reason, or an error that says so, and never a path outside of the root."""
    if case.plant is None:
        return
    words = sum(len(page.words) for page in case.open(case.root).pages())
    for number, hostile in enumerate(HOSTILE_IDS):
        root = _copy(case, folder / str(number))
        case.plant(root, hostile)
        try:
            pages = _pages(case.open(root))
        except BadDataError:
            continue
        _require_inside(root, pages)
        count = sum(len(page.words) for page in pages)
        _require(count == words + 1, f"with the id {hostile!r} planted, there are {count} words, not {words + 1}")
        odd = [page for page in pages if Reason.INVALID_ID in {page.reason, *(word.reason for word in page.words)}]
        rows = [row for page in odd for row in rows_of_page(page, BuildOptions(), pixels=False)]
        invalid = [row for row in rows if row.reason is Reason.INVALID_ID]
        _require(len(invalid) == 1, f"the id {hostile!r} makes {len(invalid)} rows {Reason.INVALID_ID}, not one")


def says_what_is_missing(case: SourceCase, folder: Path) -> None:
    """Where the root is not there, one sentence names it and says what to do."""
    nowhere = folder / "nowhere"
    try:
        list(case.open(nowhere).pages())
    except SourceMissingError as error:
        _require(str(nowhere) in str(error), f"the message does not name {nowhere}: {error}")
        _require(case.remedy in str(error), f"the message does not say {case.remedy!r}: {error}")
    else:
        raise AssertionError(f"without {nowhere} there is no SourceMissingError")


def builds_one_store(case: SourceCase, folder: Path) -> None:
    """The store has a row for each word, and is the same with one worker and two, in large parts and in small ones."""
    source = case.open(case.root)
    words = [(page.split, legible(word.id), legible(word.text)) for page in source.pages() for word in page.words]
    build(source, folder / "one", workers=1)
    build(source, folder / "two", BuildOptions(part_words=max(1, len(words) // 5)), workers=2)
    manifest = ManifestReader(folder / "one" / source.name / MANIFEST_FILE).table(["split", "id", "source_text"])
    rows = [(row["split"], row["id"], row["source_text"]) for row in manifest.to_pylist()]
    apart = Counter(rows) - Counter(words) or Counter(words) - Counter(rows)
    _require(not apart, f"the manifest has not the words of pages(), such as {list(apart)[:3]}")
    one, two = _files(folder / "one"), _files(folder / "two")
    _require(one == two, f"one worker and two differ in {sorted(dict(one.items() ^ two.items()))}")


CHECKS: tuple[Callable[[SourceCase, Path], None], ...] = (
    describes_itself,
    has_one_order,
    lists_every_word_once,
    opens_no_image,
    survives_pickling,
    hostile_ids_lead_nowhere,
    says_what_is_missing,
    builds_one_store,
)
"""All of them. Each takes the case and an empty folder to work in."""


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise AssertionError(message)


def _pages(source: Source) -> list[Page]:
    """The pages, with words that were made when they were looked at."""
    return [replace(page, words=tuple(page.words)) for page in source.pages()]


def _again(page: Page, word: Word) -> bool:
    return Reason.DUPLICATE_ID in (page.reason, word.reason)


def _check_word(word: Word, columns: Iterable[str]) -> None:
    stray, texts = word.extra.keys() - set(columns), word.extra.values()
    _require(not stray, f"word {word.id} has {sorted(stray)}, which extra_columns does not name")
    _require(all(isinstance(text, str) for text in texts), f"columns of {word.id} are texts, not {word.extra}")
    if (box := word.box) is not None:
        _require(all(map(math.isfinite, (box.xc, box.yc, box.w, box.h, box.angle))), f"{word.id}: {box} is not finite")
    if (level := word.ink_threshold) is not None:
        _require(0 <= level <= 255, f"the ink threshold of {word.id} is {level}, no grey level from 0 to 255")
        _require(word.extra.get(INK_THRESHOLD) == str(level), f"{word.id} lacks the column {INK_THRESHOLD!r}: {level}")


def _images(page: Page) -> Iterator[ImageFile]:
    yield from (image for image in (page.image, *(word.image for word in page.words)) if image is not None)


def _noting(
    read: Callable[[ImageFile], bytes], images: Iterable[ImageFile], noted: list[str]
) -> Callable[[ImageFile], bytes]:
    """The method `read` of a kind of file, which notes what it is asked for if that is one of these images."""

    def noting(file: ImageFile) -> bytes:
        if file in images:
            noted.append(file.name)
        return read(file)

    return noting


def _copy(case: SourceCase, folder: Path) -> Path:
    return Path(shutil.copytree(case.root, folder / "copy"))


def _require_inside(root: Path, pages: Iterable[Page]) -> None:
    for image in (image for page in pages for image in _images(page) if isinstance(image, FileOnDisk)):
        try:
            inside = image.path.resolve().is_relative_to(root.resolve())
        except (OSError, ValueError) as error:  # a name that the system refuses to look at
            raise AssertionError(f"{image.path!r} is no path of a file: {error}") from error
        _require(inside, f"{image.path!r} leads out of {root}")


def _files(store: Path) -> dict[str, str]:
    files = (path for path in store.rglob("*") if path.is_file())
    return {str(path.relative_to(store)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
