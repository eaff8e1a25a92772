"""The contract for sources finds what breaks it: a sound source passes all of its checks, each broken one fails one."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

import cv2
import numpy as np
import pytest

from htrdata.building import source_contract as contract
from htrdata.building.source_contract import CHECKS, SourceCase
from htrdata.errors import BadDataError, SourceMissingError
from htrdata.files.on_disk import FileOnDisk
from htrdata.files.regular import read_regular
from htrdata.images.codec import encode
from htrdata.records import Box, Division, Page, Reason, SourceInfo, Unit, Word

Check = Callable[[SourceCase, Path], None]


@dataclass(frozen=True)
class Sound:
    """Words as images of their own, with a line of a list for each: id, split, text."""

    root: Path

    name: ClassVar[str] = "sound"
    info: ClassVar[SourceInfo] = SourceInfo("Sound", "https://example.org", "CC0", "nobody")
    unit: ClassVar[Unit] = "word"
    division: ClassVar[Division] = Division("Sound")
    drawn: ClassVar[str | None] = None
    extra_columns: ClassVar[tuple[str, ...]] = ("threshold",)
    settings: ClassVar[Mapping[str, str]] = {}
    published: ClassVar[Mapping[str, Mapping[str, int]]] = {"train": {"words": 4, "empty_label": 1}}

    def pages(self) -> Iterator[Page]:
        path = self.root / "words.tsv"
        if not path.exists():
            raise SourceMissingError(f"there is no {path}: name its folder with --root")
        try:
            lines = read_regular(path, 1 << 20).decode().split("\n")[:-1]
        except UnicodeDecodeError as error:
            raise BadDataError(f"{path} is not UTF-8") from error
        for line in lines:
            fields = line.split("\t")
            if len(fields) != 3:
                raise BadDataError(f"{path}: {line!r} is no word")
            yield self.page(*fields)

    def page(self, word_id: str, split: str, text: str) -> Page:
        image, extra = FileOnDisk(self.root / f"{word_id}.png"), {"threshold": "120"}
        if not (word_id.isascii() and word_id.isalnum() and 2 <= len(word_id) <= 8) or word_id == "CON":
            return Page(word_id, split, (Word(word_id, text),), reason=Reason.INVALID_ID)
        return Page(word_id, split, (Word(word_id, text, image=image, extra=extra, ink_threshold=120),))


class Misnamed(Sound):
    name = "not sound"


class Unlicensed(Sound):
    info = SourceInfo("Sound", "", "", "")


class Numbered(Sound):
    settings: ClassVar[Mapping[str, str]] = {"seed": 1}  # type: ignore[dict-item]


class Paragraphs(Sound):
    unit: ClassVar[Unit] = "paragraph"  # type: ignore[assignment]


class Undivided(Sound):
    division: ClassVar[Division] = Division("")


class Undrawn(Sound):
    drawn: ClassVar[str | None] = ""


class HalfDrawn(Sound):
    drawn: ClassVar[str | None] = True  # type: ignore[assignment]


class Seeded(Sound):
    division: ClassVar[Division] = Division("Sound", "random", {"seed": 1})  # type: ignore[dict-item]


class Miscounted(Sound):
    published: ClassVar[Mapping[str, Mapping[str, int]]] = {"train": {"words": 1, "empty_label": 2}}


class Renamed(Sound):
    published: ClassVar[Mapping[str, Mapping[str, int]]] = {"training": {"words": 1}}


class Unreasoned(Sound):
    published: ClassVar[Mapping[str, Mapping[str, int]]] = {"train": {"blurred": 1}}


class Shuffled(Sound):
    def pages(self) -> Iterator[Page]:
        pages = list(super().pages())
        random.Random(id(pages) ^ random.getrandbits(64)).shuffle(pages)
        return iter(pages)


class Backwards(Sound):
    def pages(self) -> Iterator[Page]:
        return reversed(list(super().pages()))


class Once(Sound):
    """A second call finds nothing."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        object.__setattr__(self, "left", super().pages())

    def pages(self) -> Iterator[Page]:
        left: Iterator[Page] = self.__dict__["left"]
        return left


class Skipping(Sound):
    def pages(self) -> Iterator[Page]:
        return (page for page in super().pages() if page.words[0].text)


class Inventing(Sound):
    def pages(self) -> Iterator[Page]:
        yield self.page("extra", "train", "more")
        yield from super().pages()


class Stripping(Sound):
    def page(self, word_id: str, split: str, text: str) -> Page:
        return super().page(word_id, split, text.strip())


class Repeating(Sound):
    def pages(self) -> Iterator[Page]:
        for page in super().pages():
            yield page
            if page.id == "w0":
                yield page


class Undeclared(Sound):
    extra_columns: ClassVar[tuple[str, ...]] = ()


class Glaring(Sound):
    def page(self, word_id: str, split: str, text: str) -> Page:
        page = super().page(word_id, split, text)
        return replace(page, words=tuple(replace(word, ink_threshold=300) for word in page.words))


class Boundless(Sound):
    def page(self, word_id: str, split: str, text: str) -> Page:
        page = super().page(word_id, split, text)
        return replace(page, words=tuple(replace(word, box=Box(1, 1, float("nan"), 1)) for word in page.words))


class Measuring(Sound):
    """Needs the pixels for the boxes, as OpenCV reads them: nothing of Python sees that."""

    def page(self, word_id: str, split: str, text: str) -> Page:
        page = super().page(word_id, split, text)
        pixels = cv2.imread(str(self.root / f"{word_id}.png"))
        reason = Reason.IMAGE_CORRUPT if pixels is None else None
        return replace(page, reason=page.reason or reason)


class Peeking(Sound):
    """Reads the images, and makes no use of them."""

    def page(self, word_id: str, split: str, text: str) -> Page:
        page = super().page(word_id, split, text)
        for word in page.words:
            if word.image is not None:
                word.image.read()
        return page


@dataclass(frozen=True)
class Unpicklable(Sound):
    key: Callable[[str], str] = field(default_factory=lambda: lambda text: text)


class Trusting(Sound):
    def page(self, word_id: str, split: str, text: str) -> Page:
        return Page(word_id, split, (Word(word_id, text, image=FileOnDisk(self.root / f"{word_id}.png")),))


class Forgetting(Sound):
    """Words with odd ids do not come at all."""

    def pages(self) -> Iterator[Page]:
        return (page for page in super().pages() if page.reason is None)


class Silent(Sound):
    def pages(self) -> Iterator[Page]:
        return super().pages() if self.root.exists() else iter(())


class Terse(Sound):
    def pages(self) -> Iterator[Page]:
        if not self.root.exists():
            raise SourceMissingError(f"no {self.root}")
        return super().pages()


class Waiting(Sound):
    """Reads its list as it comes."""

    def pages(self) -> Iterator[Page]:
        (self.root / "words.tsv").read_bytes()
        return super().pages()


class Crashing(Sound):
    def pages(self) -> Iterator[Page]:
        if not (self.root / "words.tsv").is_file():
            raise KeyError("words.tsv")
        return super().pages()


class Writing(Sound):
    """Draws an image anew whenever it is asked for its pages."""

    def pages(self) -> Iterator[Page]:
        pixels = np.random.default_rng().integers(0, 255, (20, 30), np.uint8)
        (self.root / "w0.png").write_bytes(encode(pixels, "png"))
        return super().pages()


FAULTS: list[tuple[type[Sound], Check, str]] = [
    (Misnamed, contract.describes_itself, "'not sound' cannot name a data set"),
    (Unlicensed, contract.describes_itself, "title or licence is missing"),
    (Numbered, contract.describes_itself, "settings are strings"),
    (Paragraphs, contract.describes_itself, "the unit is word or line, not 'paragraph'"),
    (Undivided, contract.describes_itself, "the division lacks its corpus"),
    (Undrawn, contract.describes_itself, "what is drawn is told in words"),
    (HalfDrawn, contract.describes_itself, "what is drawn is told in words"),
    (Seeded, contract.describes_itself, "parameters are strings"),
    (Miscounted, contract.describes_itself, "more words of train are ruled out than there are"),
    (Renamed, contract.describes_itself, "not 'training'"),
    (Unreasoned, contract.describes_itself, r"not \['blurred'\]"),
    (Shuffled, contract.has_one_order, "gives other pages"),
    (Backwards, contract.has_one_order, "pages come as train, val, test"),
    (Once, contract.has_one_order, "a second call"),
    (Skipping, contract.lists_every_word_once, r"1 annotated words do not come, the first: \['w2'\]"),
    (Inventing, contract.lists_every_word_once, r"nobody annotated, the first: \['extra'\]"),
    (Stripping, contract.lists_every_word_once, "word w1 is 'ink', annotated as ' ink '"),
    (Repeating, contract.lists_every_word_once, "comes twice in a split"),
    (Undeclared, contract.lists_every_word_once, r"\['threshold'\], which extra_columns does not name"),
    (Glaring, contract.lists_every_word_once, "is 300, no grey level"),
    (Boundless, contract.lists_every_word_once, "is not finite"),
    (Measuring, contract.opens_no_image, "depends on what is in the image files"),
    (Peeking, contract.opens_no_image, r"reads images, the first: \['.*w0\.png'\]"),
    (Unpicklable, contract.survives_pickling, "the source cannot be pickled"),
    (Trusting, contract.hostile_ids_lead_nowhere, "leads out of|is no path|makes 0 rows"),
    (Forgetting, contract.hostile_ids_lead_nowhere, "there are 6 words, not 7"),
    (Silent, contract.says_what_is_missing, "there is no SourceMissingError"),
    (Terse, contract.says_what_is_missing, "does not say '--root'"),
    (Waiting, contract.waits_for_no_pipe, r"in the place of words\.tsv reading waits"),
    (Crashing, contract.waits_for_no_pipe, r"reading ends in KeyError\('words\.tsv'\)"),
    (Writing, contract.builds_one_store, "one worker and two differ"),
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("contract") / "sound"
    folder.mkdir()
    words = [("w0", "train", "pen"), ("w1", "train", " ink "), ("w2", "train", ""), ("w3", "train", "é")]
    words += [("w4", "val", "nib"), ("w5", "test", "blot")]
    for number, (word_id, _, _) in enumerate(words):
        pixels = np.random.default_rng(number).integers(0, 255, (20, 30), np.uint8)
        (folder / f"{word_id}.png").write_bytes(encode(pixels, "png"))
    (folder / "words.tsv").write_text("".join("\t".join(word) + "\n" for word in words), encoding="utf-8")
    return folder


def plant(root: Path, odd: str) -> None:
    path = root / "words.tsv"
    path.write_bytes(path.read_bytes() + f"{odd}\ttest\todd\n".encode("utf-8", "surrogatepass"))


def make_case(source: type[Sound], root: Path) -> SourceCase:
    lines = (root / "words.tsv").read_text("utf-8").split("\n")[:-1]
    words: dict[str, str | None] = {word_id: text for word_id, _, text in (line.split("\t") for line in lines)}
    return SourceCase(source, root, words, plant, "--root")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_a_sound_source_passes(check: Check, root: Path, tmp_path: Path) -> None:
    check(make_case(Sound, root), tmp_path)


@pytest.mark.parametrize(("source", "check", "message"), FAULTS, ids=[source.__name__ for source, _, _ in FAULTS])
def test_a_broken_source_fails(
    source: type[Sound], check: Check, message: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contract, "PATIENCE", 2.0)
    with pytest.raises(Exception, match=message):
        check(make_case(source, shutil.copytree(root, tmp_path / "own")), tmp_path)


def test_every_check_has_found_something() -> None:
    assert {check for _, check, _ in FAULTS} == set(CHECKS)


def test_images_elsewhere_are_refused_before_they_are_touched(root: Path, tmp_path: Path) -> None:
    elsewhere = shutil.copytree(root, tmp_path / "elsewhere")

    class Elsewhere(Sound):
        def page(self, word_id: str, split: str, text: str) -> Page:
            return Page(word_id, split, (Word(word_id, text, image=FileOnDisk(elsewhere / f"{word_id}.png")),))

    before = (elsewhere / "w0.png").read_bytes()
    with pytest.raises(AssertionError, match="leads out of"):
        contract.opens_no_image(make_case(Elsewhere, root), tmp_path)
    assert (elsewhere / "w0.png").read_bytes() == before


def test_annotations_in_images_allow_one_image_of_a_page(root: Path, tmp_path: Path) -> None:
    class Poring(Peeking):
        def page(self, word_id: str, split: str, text: str) -> Page:
            super().page(word_id, split, text)
            return super().page(word_id, split, text)

    for source, allowed in ((Sound, True), (Peeking, True), (Poring, False)):
        case = replace(make_case(source, root), in_images=True)
        if allowed:
            contract.opens_no_image(case, tmp_path / source.__name__)
        else:
            with pytest.raises(AssertionError, match=r"reads several images of a page, the first: \['w0'\]"):
                contract.opens_no_image(case, tmp_path / source.__name__)
