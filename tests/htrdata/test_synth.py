"""Drawn words: the same from a seed whatever the machine does, different writers and fonts in every split, legible."""

from __future__ import annotations

import io
import pickle
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFont

import htrdata
from htrdata.errors import BadDataError, SourceMissingError, UsageError
from htrdata.options import BuildOptions
from htrdata.records import SPLITS
from htrdata.sources.synth import WORDS_PER_WRITER, DrawnWord, Synth, WrittenWords
from htrdata.synth.fonts import read_fonts
from htrdata.synth.frames import HEIGHT
from htrdata.synth.scene import draw_words
from htrdata.synth.writers import HANDS, MEDIA, random_writer, split_fonts


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
    document = htrdata.open(out).dataset("synth").document
    return str(document["content_digest"])


def test_a_seed_gives_one_digest_whatever_the_workers_and_parts(tmp_path: Path) -> None:
    for name, options, workers in (("a", BuildOptions(), 1), ("b", BuildOptions(part_words=60), 2)):
        htrdata.build(Synth(words=240, seed=5), tmp_path / name, options, workers=workers)
    htrdata.build(Synth(words=240, seed=6), tmp_path / "c", workers=1)
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
    counts = built.document["splits"]
    assert sum(split["words"] for split in counts.values()) == 203
    assert {name: split["kept"] for name, split in counts.items()} == {"train": 183, "val": 10, "test": 10}


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
        assert isinstance(page.words, WrittenWords)
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
        assert isinstance(image, DrawnWord)
        assert image.read() == shard[index].encoded
        assert shard[index].text == image.text


def test_a_page_takes_the_same_memory_however_many_words_it_has() -> None:
    sizes = [len(pickle.dumps(next(iter(Synth(words=words).pages())))) for words in (10, 50)]
    assert abs(sizes[0] - sizes[1]) < 8


@pytest.mark.parametrize("hand", HANDS)
@pytest.mark.parametrize("medium", MEDIA)
def test_ink_can_be_told_from_paper(hand: str, medium: str, fonts: Path) -> None:
    rng = np.random.default_rng(11)
    faint = 0
    for _ in range(40):
        writer = random_writer(rng, (hand,), (medium,), read_fonts(fonts))
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
    assert isinstance(word.image, DrawnWord)
    image = Image.open(io.BytesIO(word.image.read()))
    assert (image.format, image.mode) == ("JPEG", "L")


def test_what_is_wrong_with_fonts_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceMissingError, match="no folder of fonts"):
        list(Synth(words=3, fonts=tmp_path / "none").pages())
    with pytest.raises(SourceMissingError, match="none of 0 font files"):
        list(Synth(words=3, fonts=tmp_path).pages())
    (tmp_path / "broken.ttf").write_bytes(b"not a font")
    with pytest.raises(BadDataError, match=r"broken\.ttf cannot be read as a font"):
        list(Synth(words=3, fonts=tmp_path).pages())


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


def test_diacritics_are_written_only_where_they_are_asked_for() -> None:
    def letters(source: Synth) -> set[str]:
        return {char for page in source.pages() for word in page.words for char in word.text if not char.isascii()}

    assert letters(Synth(words=2000)) == set()
    assert len(letters(Synth(words=2000, diacritics=True))) > 30
