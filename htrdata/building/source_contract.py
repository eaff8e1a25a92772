"""What every source keeps to, as checks for its tests: of this package's readers and of anybody's.

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_the_source_keeps_the_contract(check, case, tmp_path):
        check(case, tmp_path)

``docs/adding-a-source.md`` leads through it. A check that fails raises AssertionError, which says what is wrong.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import get_args
from unittest import mock

from htrdata.building.builder import build
from htrdata.building.contract_tools import (
    check_word,
    files_of,
    images_of,
    is_again,
    is_text,
    noting,
    pages_of,
    pickled,
    read_words,
    require,
    require_inside,
)
from htrdata.building.manifest_writer import part_schema
from htrdata.building.options import BuildOptions
from htrdata.building.page_cutting import rows_of_page
from htrdata.errors import BadDataError, HtrError, SourceMissingError
from htrdata.files.on_disk import FileBelow, FileOnDisk
from htrdata.labels import legible
from htrdata.records import SPLITS, ImageFile, Reason, Unit
from htrdata.sources.base import Source
from htrdata.store.format import MANIFEST_FILE, checked_name
from htrdata.store.manifest_reader import ManifestReader

HOSTILE_IDS = ("", ".", "../../x", "/etc/shadow-", "a/b", "..\\x", "CON", "a\0b", "x" * 300, "\udc80", "a\nb")
"""Ids as a stranger may write them: paths that lead elsewhere, names that no file may have, no text at all."""


PATIENCE = 60.0
"""Seconds after which a source that reads a small sample counts as one that waits for something."""


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
        in_images: whether annotations stand in the images of words: one image of each page may then be read for them.
    """

    open: Callable[[Path], Source]
    root: Path
    words: Mapping[str, str | None]
    plant: Callable[[Path, str], None] | None
    remedy: str
    in_images: bool = False


def copied(case: SourceCase, folder: Path) -> Path:
    """A copy of the small data set, to be changed."""
    return Path(shutil.copytree(case.root, folder / "copy"))


def describes_itself(case: SourceCase, _folder: Path) -> None:
    """Name, terms, division, settings, columns and published counts are of the form that a store can hold."""
    source = case.open(case.root)
    require(checked_name(source.name) == source.name, f"the name {source.name!r} is none for a data set")
    require(bool(source.info.title and source.info.licence), f"title or licence is missing in {source.info}")
    division = source.division
    require(source.unit in get_args(Unit), f"the unit is {' or '.join(get_args(Unit))}, not {source.unit!r}")
    drawn, named = source.drawn, (division.corpus, division.scheme)
    require(drawn is None or is_text(drawn), "what is drawn is told in words, or None where nothing is")
    require(all(map(is_text, named)), f"the division lacks its corpus or scheme: {division}")
    texts = [text for parameter in division.parameters.items() for text in parameter]
    require(all(isinstance(text, str) for text in texts), f"parameters are strings by strings: {division}")
    texts = [text for setting in source.settings.items() for text in setting]
    require(all(isinstance(text, str) for text in texts), f"settings are strings by strings, not {source.settings}")
    part_schema(source.extra_columns)  # raises where a column has the name of another one
    for split, counts in source.published.items():
        require(split in SPLITS, f"published counts are by {', '.join(SPLITS)}, not {split!r}")
        unknown = sorted(counts.keys() - {"words", *Reason})
        require(not unknown, f"published counts are of words and of reasons, not {unknown}")
        require(all(type(n) is int and n >= 0 for n in counts.values()), f"counts of {split} are numbers: {counts}")
        ruled_out = sum(n for what, n in counts.items() if what != "words")
        require(ruled_out <= counts.get("words", ruled_out), f"more words of {split} are ruled out than there are")


def has_one_order(case: SourceCase, _folder: Path) -> None:
    """Pages come split by split, and the same ones in the same order on every call."""
    source = case.open(case.root)
    pages = pages_of(source)
    require(pages == pages_of(source), "a second call of pages() gives other pages, or another order")
    require(pages == pages_of(case.open(case.root)), "another object for the same root gives other pages")
    order = [(*SPLITS, None).index(page.split) for page in pages]
    require(order == sorted(order), "pages come as train, val, test, and then those in no split")


def lists_every_word_once(case: SourceCase, _folder: Path) -> None:
    """Each annotated word is there, with its transcription as it stands, once in its split; columns are declared."""
    source = case.open(case.root)
    pages = pages_of(source)
    found = {word.id: word.text for page in pages for word in page.words}
    missing, strange = sorted(case.words.keys() - found.keys()), sorted(found.keys() - case.words.keys())
    require(not missing, f"{len(missing)} annotated words do not come, the first: {missing[:3]}")
    require(not strange, f"{len(strange)} words come that nobody annotated, the first: {strange[:3]}")
    for word_id, text in case.words.items():
        require(text in (None, found[word_id]), f"word {word_id} is {found[word_id]!r}, annotated as {text!r}")
    counted = Counter((page.split, word.id) for page in pages for word in page.words if not is_again(page, word))
    twice = [place for place, times in counted.items() if times > 1]
    require(not twice, f"a word comes twice in a split, and the second is not {Reason.DUPLICATE_ID}: {twice[:3]}")
    for page in pages:
        require(page.split in SPLITS or page.reason is not None, f"page {page.id!r} has neither a split nor a reason")
        for word in page.words:
            check_word(word, source.extra_columns)


def opens_no_image(case: SourceCase, folder: Path) -> None:
    """`pages` reads annotations alone: with every image file overwritten, and none readable, it gives the same.

    Where annotations stand in the images, it reads no more than one image of a page.
    """
    root = copied(case, folder)
    before = pages_of(case.open(root))
    images = {image: page.id for page in before for image in images_of(page)}
    require_inside(root, before)
    for image in images if not case.in_images else ():
        if isinstance(image, FileOnDisk | FileBelow) and (size := image.size()):
            image.path.write_bytes(bytes(size))
    read: list[ImageFile] = []
    with ExitStack() as stack:
        for kind in {type(image) for image in images}:
            stack.enter_context(mock.patch.object(kind, "read", noting(kind.read, images, read)))
        after = pages_of(case.open(root))
    require(case.in_images or not read, f"pages() reads images, the first: {[image.name for image in read[:1]]}")
    often = [page for page, times in Counter(images[image] for image in read).items() if times > 1]
    require(not often, f"pages() reads several images of a page, the first: {often[:1]}")
    require(after == before, "pages() depends on what is in the image files")


def survives_pickling(case: SourceCase, _folder: Path) -> None:
    """Source and pages go to other processes."""
    source = case.open(case.root)
    pages = list(source.pages())
    require(pickled(pages, "pages") == pages, "pages are other ones after pickling")
    require(pages_of(pickled(source, "the source")) == pages_of(source), "a pickled source gives other pages")


def hostile_ids_lead_nowhere(case: SourceCase, folder: Path) -> None:
    """An id that is no id is a row with its reason, or an error that says so, and never a path outside of the root."""
    if case.plant is None:
        return
    words = sum(len(page.words) for page in case.open(case.root).pages())
    for number, hostile in enumerate(HOSTILE_IDS):
        root = copied(case, folder / str(number))
        case.plant(root, hostile)
        try:
            pages = pages_of(case.open(root))
        except BadDataError:
            continue
        require_inside(root, pages)
        count = sum(len(page.words) for page in pages)
        require(count == words + 1, f"with the id {hostile!r} planted, there are {count} words, not {words + 1}")
        odd = [page for page in pages if Reason.INVALID_ID in {page.reason, *(word.reason for word in page.words)}]
        rows = [row for page in odd for row in rows_of_page(page, BuildOptions(), pixels=False)]
        invalid = [row for row in rows if row.reason is Reason.INVALID_ID]
        require(len(invalid) == 1, f"the id {hostile!r} makes {len(invalid)} rows {Reason.INVALID_ID}, not one")


def says_what_is_missing(case: SourceCase, folder: Path) -> None:
    """Where the root is not there, one sentence names it and says what to do."""
    nowhere = folder / "nowhere"
    try:
        list(case.open(nowhere).pages())
    except SourceMissingError as error:
        require(str(nowhere) in str(error), f"the message does not name {nowhere}: {error}")
        require(case.remedy in str(error), f"the message does not say {case.remedy!r}: {error}")
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
    require(not apart, f"the manifest has not the words of pages(), such as {list(apart)[:3]}")
    one, two = files_of(folder / "one"), files_of(folder / "two")
    require(one == two, f"one worker and two differ in {sorted(dict(one.items() ^ two.items()))}")


def waits_for_no_pipe(case: SourceCase, folder: Path) -> None:
    """A pipe in the place of a file, be it of annotations or an image, is no file, and nobody waits for its writer."""
    places = {path.suffix: path.relative_to(case.root) for path in sorted(case.root.rglob("*")) if path.is_file()}
    for number, place in enumerate(places.values() if hasattr(os, "mkfifo") else ()):
        root = copied(case, folder / str(number))
        (root / place).unlink()
        os.mkfifo(root / place)
        held = os.open(root / place, os.O_RDWR | os.O_NONBLOCK)  # whoever waits to read waits until this is closed
        with ThreadPoolExecutor(1) as executor:
            reading = executor.submit(read_words, case.open, root)
            done, _ = wait([reading], PATIENCE)
            (root / place).unlink()
            os.close(held)
        require(bool(done), f"with a pipe in the place of {place} reading waits for somebody to write to it")
        error = reading.exception()
        expected = error is None or isinstance(error, HtrError | OSError)
        require(expected, f"with a pipe in the place of {place} reading ends in {error!r}")


CHECKS: tuple[Callable[[SourceCase, Path], None], ...] = (
    describes_itself,
    has_one_order,
    lists_every_word_once,
    opens_no_image,
    survives_pickling,
    hostile_ids_lead_nowhere,
    says_what_is_missing,
    waits_for_no_pipe,
    builds_one_store,
)
"""All of them. Each takes the case and an empty folder to work in."""
