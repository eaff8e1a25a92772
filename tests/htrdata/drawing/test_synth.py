"""Drawn words: the same from a seed whatever the machine does, different writers and fonts in every split, legible."""

from __future__ import annotations

import io
import math
import pickle
from collections import defaultdict
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from PIL import Image, ImageFont

import htrdata
from htrdata.building.options import BuildOptions
from htrdata.building.page_cutting import rows_of_page
from htrdata.drawing.handwriting import draw, write_words
from htrdata.drawing.handwriting.strokes import write_together
from htrdata.drawing.synth import source as synth
from htrdata.drawing.synth.fonts import _has_small_letters, read_fonts
from htrdata.drawing.synth.frames import HEIGHT, frame, lay_out
from htrdata.drawing.synth.inking import WordsToInk, cover
from htrdata.drawing.synth.scene import draw_words
from htrdata.drawing.synth.source import DRAWING, Synth
from htrdata.drawing.synth.writer_words import WORDS_PER_WRITER, SynthImage, WriterWords
from htrdata.drawing.synth.writers import HANDS, MEDIA, random_writer, split_fonts
from htrdata.errors import BadDataError, CannotCreateError, SourceMissingError, UsageError
from htrdata.images.jpeg_passthrough import is_plain_grey_jpeg
from htrdata.images.normalisation import Operation
from htrdata.records import SPLITS


@pytest.fixture(scope="session")
def fonts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve files with the shapes of Pillow's own font, each with other bytes at its end."""
    folder = tmp_path_factory.mktemp("fonts")
    face = ImageFont.load_default(20)
    assert isinstance(face, ImageFont.FreeTypeFont)
    for number in range(12):
        (folder / f"hand{number}.ttf").write_bytes(face.font_bytes + bytes([number]))
    return folder


def words_of(source: Synth, split: str) -> list[tuple[str, str]]:
    return [(word.id, word.text) for page in source.pages() if page.split == split for word in page.words]


def content(out: Path) -> str:
    return htrdata.open(out).dataset("synth").description.content_digest


@pytest.mark.parametrize("diacritics", [False, True])
def test_a_seed_gives_one_digest_whatever_the_workers_and_parts(diacritics: bool, tmp_path: Path) -> None:
    for name, options, workers in (("a", BuildOptions(), 1), ("b", BuildOptions(part_words=60), 2)):
        source = Synth(words=240, seed=5, diacritics=diacritics)
        htrdata.build(source, tmp_path / name, options, workers=workers)
    htrdata.build(Synth(words=240, seed=6, diacritics=diacritics), tmp_path / "c", workers=1)
    assert content(tmp_path / "a") == content(tmp_path / "b") != content(tmp_path / "c")


def test_a_larger_data_set_begins_with_the_words_of_a_smaller_one() -> None:
    small, large = Synth(words=2000, seed=1), Synth(words=6000, seed=1)
    for split in SPLITS:
        some, more = words_of(small, split), words_of(large, split)
        whole = len(some) // WORDS_PER_WRITER * WORDS_PER_WRITER
        assert whole
        assert more[:whole] == some[:whole]


def test_the_words_asked_for_are_shared_out_and_none_is_dropped(tmp_path: Path) -> None:
    built = htrdata.build(Synth(words=203), tmp_path, workers=1)
    counts = built.description.splits
    assert sum(split.words for split in counts.values()) == 203
    assert {name: split.kept for name, split in counts.items()} == {"train": 183, "val": 10, "test": 10}


def test_no_writer_is_in_two_splits(fonts: Path) -> None:
    splits: dict[str | None, set[str | None]] = defaultdict(set)
    set_in: dict[str, set[str | None]] = defaultdict(set)
    for page in Synth(words=20_000, fonts=fonts).pages():
        word = page.words[0]
        splits[word.writer].add(page.split)
        set_in[word.extra["font"]].add(page.split)
    assert all(len(found) == 1 for found in splits.values())
    pens = set_in.pop("")
    assert pens == set(SPLITS)
    assert len(set_in) > 6
    assert all(len(found) == 1 for found in set_in.values())


def test_fonts_keep_their_split_when_others_come(fonts: Path) -> None:
    every = read_fonts(fonts)
    few = every[::2]
    before, after = (split_fonts(some, (0.5, 0.25, 0.25)) for some in (few, every))
    assert all(set(some) <= set(more) for some, more in zip(before, after, strict=True))
    assert sum(map(len, after)) == len(every)


def test_a_font_writes_only_characters_that_it_has(fonts: Path) -> None:
    for page in Synth(words=400, fonts=fonts, hands=("font",)).pages():
        assert isinstance(page.words, WriterWords)
        writer = page.words.writer
        if writer.font is None:  # the split has no font
            assert page.split != "train"
            continue
        assert all(writer.font.characters.issuperset(word.text) for word in page.words)


def test_the_bytes_of_a_drawing_stand_in_the_shard(tmp_path: Path) -> None:
    source = Synth(words=60)
    htrdata.build(source, tmp_path, workers=1)
    drawn = {word.id: word.image for page in source.pages() if page.split == "train" for word in page.words}
    shard = htrdata.open(tmp_path)["train", "synth"]
    for index in range(0, len(shard), 7):
        image = drawn[shard[index].id]
        assert isinstance(image, SynthImage)
        assert image.read() == shard[index].encoded
        assert shard[index].text == image.text


def test_a_page_takes_the_same_memory_however_many_words_it_has() -> None:
    sizes = [len(pickle.dumps(next(iter(Synth(words=words).pages())))) for words in (10, 50)]
    assert abs(sizes[0] - sizes[1]) < 8


@pytest.mark.parametrize("hand", HANDS)
@pytest.mark.parametrize("medium", MEDIA)
def test_ink_can_be_told_from_paper(hand: str, medium: str, fonts: Path) -> None:
    rng = np.random.default_rng(11)
    faint, found = 0, read_fonts(fonts)
    for _ in range(40):
        writer = random_writer(rng, (hand,), (medium,), found)
        pixels = draw_words(["handwriting"], writer, rng)[0]
        assert pixels.dtype == np.uint8
        assert pixels.shape[0] <= HEIGHT
        paper, ink = np.percentile(pixels, [90, 2]) if not writer.dark else np.percentile(pixels, [10, 98])
        faint += abs(float(paper) - float(ink)) < 30
    assert faint <= 2


def test_writing_fills_the_crop() -> None:
    """Crops are cut around the ink: at most a margin is left, and a full stop is not a speck in a corner."""
    rng = np.random.default_rng(12)
    for text in (".", "-", "mm", "longest", "j"):
        for _ in range(10):
            writer = random_writer(rng, ("print",), ("scan",))
            pixels = draw_words([text], writer, rng)[0].astype(int)
            ink = pixels < (int(pixels.max()) + int(pixels.min())) / 2
            assert ink.any(0).mean() > 0.25
            assert ink.any(1).mean() > 0.25


def test_pixels_are_those_of_an_image_file() -> None:
    word = next(iter(Synth(words=3, media=("photo",)).pages())).words[0]
    assert isinstance(word.image, SynthImage)
    image = Image.open(io.BytesIO(word.image.read()))
    assert (image.format, image.mode) == ("JPEG", "L")


def test_a_word_does_not_depend_on_how_many_there_are() -> None:
    few, many = (next(Synth(words=words, seed=4).pages()).words for words in (9, 900))
    assert len(few) < len(many) == WORDS_PER_WRITER
    for one, same in zip(few, many, strict=False):
        assert one.text == same.text
        assert one.image is not None
        assert same.image is not None
        assert one.image.read() == same.image.read()


def test_a_drawing_is_what_it_says_it_is() -> None:
    """A build takes a made image at its word: size, grey levels, and nothing that turns it."""
    for page in Synth(words=60, seed=2).pages():
        for word in page.words:
            assert isinstance(word.image, SynthImage)
            made = word.image.make()
            image = Image.open(io.BytesIO(made.data))
            image.load()
            assert image.size == (made.width, made.height)
            assert (image.format, image.mode, dict(image.getexif())) == ("JPEG", "L", {})
            assert is_plain_grey_jpeg(made.data)


def test_a_word_that_is_only_judged_has_no_image() -> None:
    page = next(Synth(words=9).pages())
    assert {row.image for row in rows_of_page(page, BuildOptions(), pixels=False)} == {None}
    assert None not in {row.image for row in rows_of_page(page, BuildOptions())}


def test_a_drawing_is_decoded_where_its_pixels_change(tmp_path: Path) -> None:
    for name, options in (
        ("low", BuildOptions(height=16)),
        ("colour", BuildOptions(color="rgb")),
        ("png", BuildOptions(format="png")),
        ("level", BuildOptions(normalise=(Operation.CONTRAST,))),
    ):
        htrdata.build(Synth(words=20), tmp_path / name, options, workers=1)
    shards = {name: htrdata.open(tmp_path / name)["train", "synth"] for name in ("low", "colour", "png", "level")}
    plain = [word.image.read() for word in next(Synth(words=20).pages()).words if word.image is not None]
    assert all(word.image.size[1] <= 16 for word in shards["low"])
    assert {word.image.mode for word in shards["colour"]} == {"RGB"}
    assert {Image.open(io.BytesIO(word.encoded)).format for word in shards["png"]} == {"PNG"}
    assert shards["level"][0].encoded != plain[0]
    decoded = np.asarray(Image.open(io.BytesIO(plain[0])))
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(shards["png"][0].encoded))), decoded)


def test_ink_stays_in_the_cell_of_its_crop() -> None:
    """Words that are drawn beside each other do not reach into each other's crops, whatever their pens."""
    rng = np.random.default_rng(13)
    for _ in range(20):
        writer = random_writer(rng, ("print", "joined", "broad"))
        strokes, ends = write_together(["fly", "mm", "jog", "I"], writer.style, rng)
        bounds = np.stack([[-0.1] * 4, [-1.5] * 4, [3.0] * 4, [0.6] * 4])  # some of the words are cut off
        frames = frame(bounds, writer, rng)
        pens = writer.style.pen * frames.scale
        bands = lay_out(frames, pens, 1 + math.ceil(0.5 * float(pens.max())))
        for word in range(4):
            one = np.array([word])
            ink = cover(WordsToInk(strokes, ends, one, one, frames.affine[:, one]), bands, pens)
            for band, covered in zip(bands, ink, strict=True):
                assert covered.shape == band.shape
                for other, cell in band.cells():
                    crop = covered[:, cell.start + band.pad : cell.stop - band.pad]
                    assert (crop.max() > 128) if other == word else (crop.max() < 8)


def test_words_drawn_together_are_as_those_drawn_one_by_one() -> None:
    """The ink of a band differs from that of `handwriting.draw` by no more than the softness of its edges."""
    rng = np.random.default_rng(14)
    writer = random_writer(rng, ("joined",))
    texts = ["one", "Two", "thirty", "x"]
    strokes, ends = write_together(texts, writer.style, np.random.default_rng(1))
    singles = write_words(texts, writer.style, np.random.default_rng(1))
    bounds = np.array([word.bounds for word in singles]).T + np.array([[-0.3], [-0.3], [0.3], [0.3]])
    frames = frame(bounds, writer, rng)
    pens = np.full(4, 0.15) * frames.scale
    every = np.arange(4)
    bands = lay_out(frames, pens, 6)
    inks = cover(WordsToInk(strokes, ends, every, every, frames.affine), bands, pens)
    for band, covered in zip(bands, inks, strict=True):
        for word, cell in band.cells():
            alone = np.full((band.shape[0], cell.stop - cell.start), 255, np.uint8)
            a, b, c, d, e, f = frames.affine[:, word].tolist()
            draw(alone, singles[word], (a, b, c + band.pad, d, e, f + band.pad), float(pens[word]), 0)
            difference = abs(covered[:, cell].astype(int) - (255 - alone.astype(int)))
            assert difference.mean() < 6
            missing = covered[:, cell].sum() / (255.0 - alone).sum()
            assert missing == pytest.approx(1, abs=0.1)


def test_no_words_no_crops() -> None:
    assert draw_words([], random_writer(np.random.default_rng(1)), np.random.default_rng(2)) == []


def test_what_is_wrong_with_fonts_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceMissingError, match="no folder of fonts"):
        list(Synth(words=3, fonts=tmp_path / "none").pages())
    with pytest.raises(SourceMissingError, match="none of 0 font files"):
        list(Synth(words=3, fonts=tmp_path).pages())
    (tmp_path / "broken.ttf").write_bytes(b"not a font")
    with pytest.raises(BadDataError, match=r"broken\.ttf cannot be read as a font"):
        list(Synth(words=3, fonts=tmp_path).pages())


class Capitals:
    """A font whose small letters are capitals of another shape, as far as measuring it goes."""

    def __init__(self, face: ImageFont.FreeTypeFont) -> None:
        self.face = face

    def getbbox(self, text: str, anchor: str) -> tuple[float, float, float, float]:
        left, upper, right, lower = self.face.getbbox(text.upper(), anchor=anchor)
        return left, upper + len(text), right, lower


def test_capitals_in_the_place_of_small_letters_are_no_small_letters() -> None:
    face = ImageFont.load_default(40)
    assert isinstance(face, ImageFont.FreeTypeFont)
    assert _has_small_letters(face)
    assert not _has_small_letters(cast(ImageFont.FreeTypeFont, Capitals(face)))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"words": 0}, "0 words"),
        ({"words": 5, "seed": -1}, "seed is -1"),
        ({"words": 5, "hands": ("claw",)}, "'claw' is no kind of hand"),
        ({"words": 5, "media": ()}, "no kind of medium"),
        ({"words": 5, "hands": ("font",)}, "need a folder of fonts"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Synth(**settings)  # type: ignore[arg-type]


def test_the_settings_say_which_drawing_it_is(tmp_path: Path) -> None:
    """A build by code that draws other pixels is not taken up again, and its store is told apart."""
    built = htrdata.build(Synth(words=3), tmp_path, workers=1)
    assert built.description.settings["drawing"] == DRAWING
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(synth, "DRAWING", "another")
        with pytest.raises(CannotCreateError, match=f"drawing was {DRAWING}, is another"):
            htrdata.build(Synth(words=3), tmp_path, workers=1)


def test_diacritics_are_written_only_where_they_are_asked_for() -> None:
    def letters(source: Synth) -> set[str]:
        return {char for page in source.pages() for word in page.words for char in word.text if not char.isascii()}

    assert letters(Synth(words=2000)) == set()
    assert len(letters(Synth(words=2000, diacritics=True))) > 30


def test_lines_are_words_of_a_writer_with_spaces_between(tmp_path: Path) -> None:
    source = Synth(words=40, seed=4, unit="line")
    assert (source.name, source.unit, source.settings["unit"]) == ("synth_lines", "line", "line")
    assert "unit" not in Synth(words=40, seed=4).settings
    htrdata.build(source, tmp_path)
    lines = htrdata.open(tmp_path)["train", "synth_lines"]
    texts = [line.text for line in lines]
    assert len(texts) == 36
    assert sum(" " in text for text in texts) > 30
    assert not any(f" {mark} " in f" {text} "[2:] for text in texts for mark in ".,;")
    assert np.mean([line.image.width / line.image.height for line in lines]) > 5
    assert [line.text for line in Synth(words=40, seed=4, unit="line").pages().__next__().words] == texts[:8]
