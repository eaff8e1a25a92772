"""Lines: inputs as wide as each needs, batches of like width, and what cannot be written along them."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image, ImageDraw, ImageFont

from htrdata.errors import UsageError
from htrdata.labels import Charset
from htrdata.records import Reason
from htrdata.store.shard_writer import SHARD_WORDS, write_shard
from htrmodel.config import LEAST_LINE, RecogniserConfig
from htrmodel.data.line_widths import input_widths, writable
from htrmodel.data.lines import WINDOW, LineBatches, OrderByWidth
from htrmodel.data.mixing import TrainingOrder
from htrmodel.data.origins import PlainShards
from htrmodel.data.samples import Samples, open_samples
from htrmodel.recogniser import Recogniser
from htrmodel.training.finetuning import carry_out
from htrmodel.training.initial_model import ModelChoice
from htrmodel.training.recipes import LINE_MODEL, Recipe
from htrmodel.training.request import Request

CHARSET = Charset("few", " abcde")
CONFIG = replace(
    RecogniserConfig(charset=CHARSET, architecture="None-VGG-BiLSTM-CTC", output_channel=16, hidden_size=16),
    **LINE_MODEL,
)


def print_line(text: str, seed: int = 0, width: int | None = None) -> bytes:
    """A line in Pillow's own font: PNG."""
    font = ImageFont.load_default(18)
    image = Image.new("L", (width or 10 + round(font.getlength(text)), 32), 230 + seed % 20)
    ImageDraw.Draw(image).text((5, 4), text, 20, font)
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


def random_lines(count: int, seed: int) -> list[str]:
    random = np.random.default_rng(seed)
    words = [["".join(random.choice(list("abcde"), random.integers(1, 5))) for _ in range(4)] for _ in range(count)]
    return [" ".join(some[: random.integers(1, 5)]) for some in words]


def write(folder: Path, texts: Sequence[str], images: Sequence[bytes] | None = None) -> Path:
    images = images or [print_line(text, number) for number, text in enumerate(texts)]
    batch = pa.record_batch([images, texts, [bytes(32)] * len(texts)], schema=SHARD_WORDS)
    folder.parent.mkdir(parents=True, exist_ok=True)
    write_shard(folder, [batch], count=len(texts), payload=batch.nbytes)
    return folder


def lines_in(folder: Path, texts: Sequence[str], images: Sequence[bytes] | None = None) -> Samples:
    return open_samples(PlainShards(write(folder, texts, images), split="train"), CONFIG.label_policy)


@pytest.mark.parametrize("height", [20, 48, 64, 301])
def test_an_input_has_room_for_the_line_and_little_more(height: int) -> None:
    for width in range(1, 60 * height, 7):
        natural, found = 48 * width / height, CONFIG.input_width(width, height)
        assert found % 16 == 0
        if found < CONFIG.width:
            assert natural + 11 <= found <= max(LEAST_LINE, 1.13 * (natural + 13) + 16)
        else:
            assert natural > 2600
    widths = [CONFIG.input_width(width, height) for width in range(1, 60 * height, 7)]
    assert widths == sorted(widths)
    assert len(set(widths)) < 60


def test_words_keep_their_one_width() -> None:
    assert RecogniserConfig(charset=CHARSET).input_width(1000, 30) == 100


@pytest.mark.parametrize("architecture", ["TPS-VGG-BiLSTM-CTC", "None-ResNet-BiLSTM-Attn"])
def test_a_model_with_one_width_cannot_read_lines(architecture: str) -> None:
    with pytest.raises(UsageError, match="without TPS that decodes by CTC"):
        replace(CONFIG, architecture=architecture)


@pytest.mark.parametrize("features", ["VGG", "RCNN", "ResNet"])
def test_a_line_is_read_alike_whatever_stands_beside_it(features: str) -> None:
    torch.manual_seed(0)
    recogniser = Recogniser(replace(CONFIG, architecture=f"None-{features}-BiLSTM-CTC")).eval()
    images = [print_line(text) for text in ("a", "abc de", "abcde abcde abcde abcde", "bc de e")]
    together = recogniser.read(images)
    alone = [recogniser.read(image) for image in images]
    assert [one.text for one in together] == [one.text for one in alone]
    assert np.allclose([one.confidence for one in together], [one.confidence for one in alone], rtol=1e-4)
    assert recogniser.config.steps_of(320) == recogniser(torch.zeros(1, 1, 48, 320)).shape[1]


def test_what_cannot_be_written_along_a_line_is_left_out_and_counted(tmp_path: Path) -> None:
    texts = ["ab", "abcde abcde abcde abcde", "aaaaaaaa"]
    images = [print_line(texts[0]), print_line(texts[1], width=30), print_line(texts[2], width=40)]
    samples = lines_in(tmp_path / "lines", texts, images)
    assert len(samples) == 3
    found = writable(samples, CONFIG)
    # 30 pixels of 32 rows make an input of 64 columns, 15 steps of CTC; 40 make 80: 19 steps for 8 letters, 7 blanks.
    assert input_widths(samples, CONFIG).tolist()[1:] == [64, 80]
    assert found.texts.to_pylist() == ["ab", "aaaaaaaa"]
    assert found.left_out == {Reason.TOO_LONG: 1}
    assert found.unread_texts() == [texts[1]]
    assert writable(found, CONFIG) is found


def test_batches_have_lines_of_like_width_and_every_line_comes_as_often(tmp_path: Path) -> None:
    samples = lines_in(tmp_path / "lines", random_lines(50, 1))
    batches = LineBatches([samples], CONFIG)
    plain = TrainingOrder([50], 5, seed=3)
    order = OrderByWidth(plain, batches.widths, seed=3)
    assert order.batches_per_epoch == plain.batches_per_epoch == 10
    window = [order.batch(*divmod(step, 10)) for step in range(WINDOW)]
    expected = np.concatenate([plain.batch(*divmod(step, 10)) for step in range(WINDOW)])
    assert sorted(np.concatenate(window)) == sorted(expected)
    spread = [np.ptp(batches.widths[positions]) for positions in window]
    by_chance = [np.ptp(batches.widths[plain.batch(*divmod(step, 10))]) for step in range(WINDOW)]
    assert np.mean(spread) < 0.2 * np.mean(by_chance)
    assert np.array_equal(OrderByWidth(plain, batches.widths, seed=3).batch(1, 4), window[14])
    in_order = list(batches.in_order(8))
    assert sorted(text for batch in in_order for text in batch.texts) == sorted(samples.texts.to_pylist())
    assert all({*batches.widths} >= {batch.images.shape[3]} and len(batch.texts) <= 8 for batch in in_order)


@pytest.mark.parametrize("workers", [1, 2])
def test_lines_that_are_kept_on_the_device_are_those_that_are_decoded_batch_by_batch(
    tmp_path: Path, workers: int
) -> None:
    parts = [lines_in(tmp_path / "a", random_lines(230, 1)), lines_in(tmp_path / "b", random_lines(7, 2))]
    decoded, kept = LineBatches(parts, CONFIG), LineBatches(parts, CONFIG)
    told: list[tuple[int, int]] = []
    kept.keep(workers, lambda done, total: told.append((done, total)))
    assert told[-1] == (237, 237)
    assert kept.pixels == sum(batch.images.numel() for batch in decoded.in_order(1))
    for positions in (np.array([0, 236, 100, 231]), np.array([5])):
        decoded.prepare(positions)
        kept.prepare(positions)
        expected, found = decoded.take(positions), kept.take(positions)
        assert torch.equal(found.images, expected.images)
        assert (found.texts, found.ids) == (expected.texts, expected.ids)


def test_lines_are_learnt_and_a_run_goes_on(tmp_path: Path) -> None:
    write(tmp_path / "store/train/lines", random_lines(60, 1))
    write(tmp_path / "store/val/lines", random_lines(20, 2))
    recipe = Recipe(name="r", optimizer="adamw", lr=0.01, schedule="one_cycle", batch_size=10, steps=24)
    request = Request(
        data=tmp_path / "store",
        model=ModelChoice(lines=True, charset=CHARSET, fields={"output_channel": 16, "hidden_size": 16}),
        recipe=recipe,
        device="cpu",
        out=tmp_path / "whole",
    )
    said: list[str] = []
    whole = carry_out(request, said.append)
    assert "48 x up to 3,072 pixels" in said[0]
    loss = {
        name: figures["lines"]["loss"] for name, figures in (("first", whole.state.start), ("best", whole.state.best))
    }
    assert loss["best"] < 0.8 * loss["first"]
    asked = iter([False] * 9 + [True] * 99)
    stopped = replace(request, out=tmp_path / "stopped")
    assert not carry_out(stopped, said.append, stop=lambda: next(asked)).finished
    again = carry_out(stopped, said.append)
    assert again.state.best == whole.state.best
    tuned = replace(request, checkpoint=whole.checkpoint, out=tmp_path / "tuned", model=ModelChoice(fields={}))
    told: list[str] = []
    carry_out(replace(tuned, recipe=replace(recipe, steps=12)), told.append)
    found = next(one for one in told if "by the best checkpoint, on the same 20 lines held out" in one)
    assert re.search(r"[+-]\d+\.\d\d points \[[+-]\d+\.\d\d, [+-]\d+\.\d\d\], paired over 20 writers or pages", found)
    assert told[-1].startswith("recommended: ")
