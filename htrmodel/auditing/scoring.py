"""How likely a label is beside what a model reads: log-probabilities of both, of each word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from htrmodel.data.batches import WordBatches, standardise
from htrmodel.layers.attention import AttentionDecoder
from htrmodel.recogniser import Recogniser
from htrmodel.tokenizer import BLANK, END, GO, PAD, Reading, check_sure


@dataclass(frozen=True, slots=True)
class Score:
    """What a model says of a word.

    Attributes:
        reading: its best one.
        confidence: of that, 0 to 1.
        label_log: the natural logarithm of the probability of the label, over all ways to write it.
        reading_log: the same of the reading.
    """

    reading: str
    confidence: float
    label_log: float
    reading_log: float

    @property
    def ratio(self) -> float:
        """Logarithm of the likelihood ratio: how much likelier the reading is than the label."""
        return self.reading_log - self.label_log


@torch.inference_mode()
def score(
    recogniser: Recogniser, words: WordBatches, *, batch_size: int = 192, progress: Callable[[int], None] | None = None
) -> list[Score]:
    """Scores words, in their order.

    With CTC a text has the probability of all paths that give it (the forward algorithm); with attention the product of
    its characters' and its end's, each given those before it.

    Args:
        recogniser: in evaluation mode, on the device of the words.
        words: whose labels it can spell.
        batch_size: words at once.
        progress: told how many words are done.

    Raises:
        BadDataError: the weights compute no numbers of a word.
    """
    recogniser.check_reads()
    scores: list[Score] = []
    for batch in words.in_order(batch_size):
        features = recogniser.encode(standardise(batch.images, recogniser.config))
        decoder = recogniser.Prediction
        logits = decoder(features).float()
        readings = recogniser.tokenizer.decode(logits)
        check_sure(recogniser.name, readings)
        texts = [reading.text for reading in readings]
        if isinstance(decoder, AttentionDecoder):
            label_logs, reading_logs = (_attention(recogniser, decoder, features, one) for one in (batch.texts, texts))
        else:
            label_logs, reading_logs = (_ctc(recogniser, logits, one) for one in (batch.texts, texts))
        scores += _together(readings, label_logs, reading_logs)
        if progress is not None:
            progress(len(scores))
    return scores


def _together(readings: Sequence[Reading], label_logs: Tensor, reading_logs: Tensor) -> list[Score]:
    logs = zip(readings, label_logs.tolist(), reading_logs.tolist(), strict=True)
    return [Score(reading.text, reading.confidence, label, own) for reading, label, own in logs]


def _targets(recogniser: Recogniser, texts: Sequence[str], device: torch.device) -> Tensor:
    """The targets of texts, of which some may be empty: int64 [N, S]."""
    empty = torch.tensor([not text for text in texts])
    some = recogniser.charset.characters[0]  # in the place of nothing: it is taken out again
    longest = recogniser.config.max_length
    targets = recogniser.tokenizer.encode([text[:longest] or some for text in texts])
    if recogniser.config.prediction == "Attn":
        nothing = torch.full_like(targets[0], PAD)
        nothing[0], nothing[1] = GO, END
        targets[empty] = nothing
    else:
        targets[empty] = PAD
    return targets.to(device)


def _ctc(recogniser: Recogniser, logits: Tensor, texts: Sequence[str]) -> Tensor:
    """Log-probabilities of texts: float [N]."""
    targets = _targets(recogniser, texts, logits.device)
    steps = torch.full((len(texts),), logits.shape[1], dtype=torch.int64, device=logits.device)
    lengths = torch.tensor([len(text[: recogniser.config.max_length]) for text in texts], device=logits.device)
    return -functional.ctc_loss(
        logits.log_softmax(2).transpose(0, 1), targets, steps, lengths, blank=BLANK, reduction="none"
    )


def _attention(recogniser: Recogniser, decoder: AttentionDecoder, features: Tensor, texts: Sequence[str]) -> Tensor:
    """As `_ctc`, of a decoder that is given each text."""
    targets = _targets(recogniser, texts, features.device)
    logits = decoder(features, targets).float()
    expected = targets[:, 1:]
    costs = functional.cross_entropy(logits.flatten(0, 1), expected.flatten(), ignore_index=PAD, reduction="none")
    return -costs.view(expected.shape).sum(1)
