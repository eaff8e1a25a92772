"""What a fine-tuning forgot: start and best checkpoint read words that a program draws, always the same ones.

No images of people can stand in this package, so there is no sample of what the start learnt. Drawn words are none of
any training of ours: their seed is set apart. They tell of plain letters alone, not of other people's hands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from htrdata.drawing.synth.writer_words import WriterRecipe, WriterWords
from htrdata.drawing.synth.writers import HANDS, MEDIA
from htrdata.labels import normal_form
from htrdata.records import Unit
from htrmodel.config import RecogniserConfig
from htrmodel.judging.metrics import count
from htrmodel.recogniser import Recogniser
from htrmodel.training.proof import COLUMNS, Proof, compared
from htrmodel.training.validation import Stop

SEED = 2_147_483_629
"""Of the drawing; ``htrdata synth`` with this seed would have them in its test split."""

REMEDY = "a fifth of each batch by other hands (--mix OWN:0.8 PATH:0.2) holds against it"
"""Measured: for words in `docs/own-words.md`, for lines in `starter-lines.md` beside the weights."""

WRITERS: dict[Unit, tuple[int, int]] = {"word": (30, 5), "line": (24, 2)}
"""How many write, and how much each: few enough to be read twice in some seconds on a CPU."""


class DrawnText(NamedTuple):
    """A word, or a line, that was drawn."""

    writer: str
    text: str
    encoded: bytes


def drawn_texts(config: RecogniserConfig) -> Iterator[DrawnText]:
    """The drawn words, or for a model of lines the lines, that a model can write, with its labels for them."""
    unit = config.unit
    writers, each = WRITERS[unit]
    recipe = WriterRecipe(SEED, False, HANDS, MEDIA, ((), (), ()), unit)
    policy = config.label_policy
    for number in range(writers):
        for word in WriterWords(recipe, "test", number, each):
            label = policy.apply(word.text).text
            if label is not None and word.image is not None:
                yield DrawnText(word.writer or word.id, label, word.image.read())


def measure_forgetting(
    drawn: Sequence[DrawnText], start: Recogniser, best: Recogniser, batch_size: int, stop: Stop = lambda: False
) -> Proof | None:
    """Lets both read drawn words.

    Args:
        drawn: at least one, see `drawn_texts`.
        start: the weights that the training started from, for the charset of the best.
        best: the best checkpoint.
        batch_size: how many are read at once.
        stop: asked between batches.

    Returns:
        How they compare; None where it was told to stop.
    """
    start.eval()
    best.eval()
    texts = [one.text for one in drawn]
    readings: list[list[str]] = []
    for recogniser in (start, best):
        found: list[str] = []
        for first in range(0, len(drawn), batch_size):
            if stop():
                return None
            batch = [one.encoded for one in drawn[first : first + batch_size]]
            found += [normal_form(reading.text) for reading in recogniser.read(batch, batch_size)]
        readings.append(found)
    before, after = (count(texts, found)[:, COLUMNS] for found in readings)
    name = f"drawn {best.config.unit}s"
    return compared(name, [one.writer for one in drawn], before, after, lines=best.config.reads_lines)


def told(start: Recogniser, best: Recogniser, batch_size: int, stop: Stop = lambda: False) -> str | None:
    """What it forgot, in a sentence; None where it was told to stop. See `measure_forgetting`."""
    drawn = list(drawn_texts(best.config))
    if not drawn:
        return f"forgot: not known; the model's charset {best.config.charset.name} writes none of the drawn words"
    proof = measure_forgetting(drawn, start, best, batch_size, stop)
    return None if proof is None else _said(proof)


def _said(proof: Proof) -> str:
    remedy = f"; {REMEDY}" if proof.low > 0 else ""
    cer = f"CER {proof.before:.2%} -> {proof.after:.2%}"
    return f"forgot: {proof.name} {cer}, on {proof.words:,} that nothing is trained on: {proof.difference}{remedy}"
