"""Loss and errors of a recogniser on a whole split, as training needs them between its steps."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from htrmodel.data.batches import Batch, Batches, standardise
from htrmodel.judging import metrics
from htrmodel.recogniser import Recogniser
from htrmodel.tokenizer import PAD
from htrmodel.training.loss import LOSSES
from htrmodel.training.processes import Processes
from htrmodel.training.run_folder import WHOLE
from htrmodel.training.temperature import TEMPERATURES, surprise

FIGURES = ("loss", "cer", "wer", "words", "left_out")

Figures = dict[str, dict[str, float]]
"""What validations found, by data set and by the names of `FIGURES`, and `WHOLE`."""

Stop = Callable[[], bool]
"""Asked between batches: whether to stop now."""


@dataclass(frozen=True, slots=True)
class Validation:
    """How well a recogniser reads some words.

    Attributes:
        loss: mean over all characters and end tokens with attention, over all words with CTC; see `validate`.
        cer: micro CER, a fraction; words that are left out count as read as nothing.
        wer: share of words that are not read exactly, those left out among them; of lines, edits of words between
            spaces over the words of the references.
        words: how many there are.
        left_out: how many of them the recogniser cannot read.
        whole: where they are a sample, of how many words; None where they are all.
        surprise: what its confidences cost at each temperature; see `htrmodel.training.temperature.surprise`.
    """

    loss: float
    cer: float
    wer: float
    words: int
    left_out: int = 0
    surprise: tuple[float, ...] = ()
    whole: int | None = None

    def to_dict(self) -> dict[str, float]:
        """The figures by name."""
        figures = {name: getattr(self, name) for name in FIGURES}
        return figures if self.whole is None else {**figures, WHOLE: self.whole}


def sampled_of(figures: Figures) -> dict[str, str]:
    """Of the data sets whose figures are of a sample, how many words it has, of how many."""
    return {name: f"{one['words']:,.0f} of {one[WHOLE]:,.0f}" for name, one in figures.items() if WHOLE in one}


@torch.inference_mode()
def validate(
    recogniser: Recogniser,
    batches: Iterable[Batch],
    stop: Stop = lambda: False,
    left_out: Sequence[str] = (),
    processes: Processes | None = None,
) -> Validation | None:
    """Reads words and judges the readings.

    The decoder runs freely, as it does when it reads: what it is given before each step is its own token. AttentionHTR
    validates so too, but takes the mean of the means of shuffled batches. Here the loss is summed over all characters
    and end tokens before it is divided by their number, so that it depends neither on order nor on the size of batches;
    with CTC, it is the mean over the words of the loss per character. It is computed in float32 whatever the recipe.

    Args:
        recogniser: on the device of the batches. It is left in evaluation mode.
        batches: all words, each once.
        stop: if it says so, nothing is returned.
        left_out: what the words say that the recogniser cannot read; they have no part in the loss.
        processes: that share the batches; each finds the same. Told to stop, one stops all.
    """
    config = recogniser.config
    recogniser.eval()
    losses: list[Tensor] = []
    weights: list[int] = []
    texts: list[str] = []
    readings: list[str] = []
    surprised = np.zeros(len(TEMPERATURES))
    processes = processes or Processes()
    stopped = False
    for batch in itertools.islice(batches, processes.rank, None, processes.count):
        if stopped := stop():
            break
        targets = recogniser.tokenizer.encode(batch.texts)
        logits = recogniser(standardise(batch.images, config), full_steps=True)
        losses.append(LOSSES[config.prediction](logits, targets.to(logits.device)))
        weights.append(int((targets[:, 1:] != PAD).sum()) if config.prediction == "Attn" else len(targets))
        texts += batch.texts
        surprised += surprise(recogniser.tokenizer, logits, batch.texts)
        readings += [reading.text for reading in recogniser.tokenizer.decode(logits)]
    mine = (torch.stack(losses).cpu().tolist() if losses else [], weights, texts, readings, [surprised])
    found = processes.gathered(None if stopped else mine)
    if any(one is None for one in found):
        return None
    all_losses, all_weights, all_texts, all_readings, costs = (
        [value for one in found for value in one[kind]] for kind in range(5)
    )
    loss = float(np.average(all_losses, weights=all_weights))
    figures = metrics.evaluate([*all_texts, *left_out], [*all_readings, *[""] * len(left_out)])
    wer = figures[metrics.word_error_rate(config.unit)]
    return Validation(loss, figures["micro_cer"], wer, len(all_texts) + len(left_out), len(left_out), tuple(sum(costs)))


def spread_batches(words: Batches, count: int, batch_size: int) -> Iterator[Batch]:
    """At most `count` words, evenly spread over all of them, always the same."""
    positions = np.linspace(0, len(words) - 1, min(count, len(words))).astype(np.int64)
    return words.batches(positions, batch_size)
