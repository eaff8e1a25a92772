"""The words that a training takes from a store, decoded, and what is said of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from htrdata.errors import SourceMissingError, UsageError
from htrdata.records import of_people
from htrdata.records.counting import plural
from htrmodel.config import RecogniserConfig
from htrmodel.data.batches import Batches, WordBatches, has_room
from htrmodel.data.cache import decoded_words
from htrmodel.data.divisions import DividedSet
from htrmodel.data.held_out_copies import held_out_copies
from htrmodel.data.lines import LineBatches
from htrmodel.data.mixed_stores import Mixed, find_mixed
from htrmodel.data.mixing import TrainingOrder, parse_mix
from htrmodel.data.origin import Origin
from htrmodel.data.origins import PlainShards, StoredSplit
from htrmodel.data.samples import Samples
from htrmodel.data.splits import find_split, shards_beside, undivided
from htrmodel.training.opening import Say, open_words, sample

MANY_VAL = {"word": 5000, "line": 500}
"""Of words, or lines, of validation: from so many on, a CPU takes minutes to read them, after each epoch."""

MANY_TURNS = 4
"""Of a word in an epoch: from so many on, it is said that they are."""


@dataclass(frozen=True, slots=True)
class TrainingWords:
    """The words of a training: their labels, not yet their images.

    Attributes:
        train: of each data set.
        val: of each data set that has such words.
        ratios: shares of the data sets in a batch; None to take them as one.
        together: how many data sets, one after the other, share each ratio; None for one each.
    """

    train: list[Samples]
    val: list[Samples]
    ratios: list[float] | None
    together: list[int] | None = None

    def describe(self) -> dict[str, Any]:
        """What they are, by digest, as JSON can hold it."""
        return {
            "train": {one.name: one.digest for one in self.train},
            "val": {one.name: one.digest for one in self.val},
            **({"val_samples": samples} if (samples := self.samples) else {}),
            "ratios": self.ratios,
            **({} if self.together is None else {"together": self.together}),
        }

    @property
    def samples(self) -> dict[str, str]:
        """Of the data sets that are validated by a sample, how large it is."""
        return {one.name: one.counted for one in self.val if one.whole is not None}

    @property
    def divided(self) -> list[DividedSet]:
        """The data sets to train on of which it is known how they were divided."""
        return [one.origin.divided for one in self.train if one.origin.divided is not None]

    @property
    def drawn(self) -> bool:
        """Whether all words to train on are known to be drawn, strokes and all."""
        return not any(of_people(one.origin.drawn) for one in self.train)

    def too_many(self, config: RecogniserConfig) -> str | None:
        """What is to be said where a CPU takes long to validate; None where it does not, or a sample is read."""
        count = sum(map(len, self.val))
        if count < MANY_VAL[config.unit] or self.samples:
            return None
        few = MANY_VAL[config.unit] // 5
        return (
            f"each validation reads {count:,} {config.unit}s, which takes this CPU minutes: --val-words {few} reads a "
            "sample instead, and says so"
        )

    def too_often(self, batch_size: int, epochs: int | None) -> str | None:
        """What is to be said where an epoch, which is as long as all words are many, has some of them again and again.

        Args:
            batch_size: words in a batch.
            epochs: that were asked for; None where steps were.
        """
        if self.ratios is None or epochs is None:
            return None
        sizes = [len(one) for one in self.train]
        order = TrainingOrder(sizes, batch_size, ratios=self.ratios, together=self.together)
        often = int(np.argmax(order.turns))
        if order.turns[often] < MANY_TURNS:
            return None
        parts = np.split([one.name for one in self.train], np.cumsum(self.together or [1] * len(sizes))[:-1])
        steps = math.ceil(epochs * order.batches_per_epoch / order.turns[often])
        return (
            f"an epoch of this mix is {order.batches_per_epoch:,} batches, in which each of {', '.join(parts[often])} "
            f"comes {order.turns[often]:,.0f} times: --steps {steps:,} lets it come {plural(epochs, 'time')} in all"
        )

    def decode(
        self,
        config: RecogniserConfig,
        device: torch.device,
        *,
        folder: Path | None = None,
        workers: int = 1,
        progress: Callable[[int, int], None] | None = None,
    ) -> tuple[Batches, dict[str, Batches]]:
        """Decodes the images, or finds them in the cache; see `htrmodel.data.cache.decoded_words`.

        Lines are decoded here for a GPU that has room for them; else batch by batch.

        Returns:
            The words to train on, and those to validate on by data set.
        """

        def batches(samples: Sequence[Samples]) -> Batches:
            if config.reads_lines:
                lines = LineBatches(samples, config, device)
                if has_room(device, lines.pixels):
                    lines.keep(workers, progress)
                return lines
            images = [decoded_words(one, config, folder=folder, workers=workers, progress=progress) for one in samples]
            return WordBatches(samples, images, device)

        return batches(self.train), {one.name: batches([one]) for one in self.val}


def find_words(
    root: Path, mix: Sequence[str], config: RecogniserConfig, say: Say, val_words: int | None = None
) -> TrainingWords:
    """Finds the words to train and to validate on.

    Args:
        root: a store.
        mix: ``NAME`` or ``NAME:RATIO`` of data sets; empty for all but drawn ones, where there are others. A name with
            a slash is a path: of a data set of another store, or of another store, whose data sets share the ratio.
        config: of the model; its charset and length decide which words it can take.
        say: told what is left out, what is a sample, which data sets have no words to validate on, and which hold the
            same words.
        val_words: how many words of each data set to validate on, see `htrmodel.data.sampling`; None for all.

    Raises:
        UsageError: a data set is not there, there is nothing to train or to validate on, two data sets split one
            corpus differently, or the mix cannot be read.
        SourceMissingError: there is neither a data set nor a shard.
        BadDataError: a data set is damaged.
    """
    mixed = parse_mix(mix)
    found = find_mixed(root, list(mixed))
    train = [open_words(origin, config, say) for origins in found for origin in origins.train]
    for name in shards_beside(root, "train"):
        if name not in mixed:
            say(f"{name} in {root} is no data set that htrdata built: it is left out; --mix {name} takes it")
    held_out = undivided(root, "val") or [one for place in found for one in _find_validation(place, say)]
    val = [sample(open_words(origin, config, say), config, say, val_words) for origin in held_out]
    if not val:
        names = ", ".join(one.name for one in train)
        plain = all(isinstance(one.origin, PlainShards) for one in train)
        remedy = (
            f"put shards with some into {root / 'val'}, laid out as those of train"
            if plain
            else "build the data set with a val split, for example with --resplit random"
        )
        raise UsageError(
            f"no val {config.unit}s in {root} for {names}: training needs some to know when to stop; {remedy}"
        )
    ratios = [ratio for ratio in mixed.values() if ratio is not None]
    together = [len(place.train) for place in found] if ratios else []
    words = TrainingWords(train, val, ratios or None, together if max(together, default=1) > 1 else None)
    _say_what_comes_twice(words.divided, say)
    _say_what_is_not_held_out([one.origin for one in train], config, say)
    if words.drawn:
        say(
            f"all of these {config.unit}s are drawn by a program: what is trained on them has seen no handwriting of "
            "people"
        )
    return words


def _say_what_comes_twice(datasets: Sequence[DividedSet], say: Say) -> None:
    names: dict[str, list[str]] = {}
    for one in datasets:
        names.setdefault(one.division.corpus, []).append(one.name)
    for corpus, several in names.items():
        if len(several) > 1:
            say(
                f"{', '.join(several)} are one split of one corpus ({corpus}): a word that is in several of them is "
                "trained on as often; choose one of them with --mix, if that is not meant"
            )


def _say_what_is_not_held_out(train: Sequence[Origin], config: RecogniserConfig, say: Say) -> None:
    found: dict[str, list[str]] = {}
    for one in held_out_copies([origin for origin in train if isinstance(origin, StoredSplit)]):
        found.setdefault(one.name, []).append(f"{one.copies:,} of {plural(one.images, f'{one.split} {config.unit}')}")
    for name, shares in found.items():
        say(
            f"{name}: {' and '.join(shares)} have the very image of one that is trained on, so figures on them "
            "flatter; a build with --dedup takes its own copies from train, and --mix one of two data sets with the "
            "same images"
        )


def _find_validation(place: Mixed, say: Say) -> Iterator[Origin]:
    for one in place.train:
        try:
            yield from find_split(place.store, "val", [one.name])
        except (UsageError, SourceMissingError):
            say(f"{one.name} has no val {one.unit or 'word'}s: it is trained on, but does not count for when to stop")
