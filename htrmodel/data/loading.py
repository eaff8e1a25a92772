"""Words of a store as torch's DataLoader takes them, for a training loop of one's own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

import torch
from PIL.Image import Image
from torch import Tensor
from torch.utils.data import Dataset

from htrdata.errors import UsageError, WrongTypeError
from htrdata.labels import PRINTABLE
from htrdata.records import Reason
from htrdata.store.words import StoredWord, Words
from htrmodel.config import RecogniserConfig
from htrmodel.inputs import WordImage, open_image, to_inputs
from htrmodel.tokenizer import tokenizer_for

Transform: TypeAlias = Callable[[Image], WordImage | Tensor]
"""Takes the image of a word, grey and upright, of mode ``L`` and of its own size; gives what a recogniser reads (see
`htrmodel.inputs.WordImage`), or a tensor that is taken as it is."""


class WordSample(NamedTuple):
    """A word. Torch's own collate makes a batch of the same fields: images stacked, texts side by side.

    Attributes:
        image: float32 [1, H, W], as a recogniser takes it; with a transform that gives tensors, what it gives.
        text: the label, as the charset compares it.
    """

    image: Tensor
    text: str


class WordBatch(NamedTuple):
    """A batch with targets: ``loss(recogniser(batch.images, batch.targets), batch.targets)``.

    Attributes:
        images: float32 [N, 1, H, W].
        texts: N labels.
        targets: int64 [N, S], see `htrmodel.tokenizer.Tokenizer.encode`.
    """

    images: Tensor
    texts: list[str]
    targets: Tensor


class WordDataset(Dataset[WordSample]):
    """Words as a map-style data set: ``DataLoader(data, batch_size=32, shuffle=True, num_workers=2)``.

    It can be pickled and carried through a fork, with its words, so workers may be forked or spawned; each opens the
    shards for itself, and keeps none of the images.

    Args:
        words: of a store; see `dataset`.
        transform: what is done to each image.
        config: of the recogniser.

    Attributes:
        config: of the recogniser.
        left_out: how many of the words are left out, by reason, since the recogniser cannot spell their labels.
    """

    def __init__(
        self, words: Sequence[StoredWord], transform: Transform | None = None, *, config: RecogniserConfig
    ) -> None:
        texts = words.texts if isinstance(words, Words) else [word.text for word in words]
        policy = config.label_policy
        labels = [policy.apply(text) for text in texts]
        self.config = config
        self.left_out: dict[Reason, int] = dict(Counter(label.reason for label in labels if label.reason is not None))
        self._kept = [(place, label.text) for place, label in enumerate(labels) if label.text is not None]
        if not self._kept:
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in self.left_out.items()) or "there are none"
            raise UsageError(f"not one of {len(texts):,} words can be spelt with {config.charset!r}: {reasons}")
        self._words = words
        self._transform = transform
        self._tokenizer = tokenizer_for(config)

    def __len__(self) -> int:
        return len(self._kept)

    def __iter__(self) -> Iterator[WordSample]:
        return map(self.__getitem__, range(len(self)))

    def __repr__(self) -> str:
        left_out = f", {sum(self.left_out.values()):,} left out" if self.left_out else ""
        return f"WordDataset({len(self):,} words{left_out}, {self.config.height} x {self.config.width} pixels)"

    def __getitem__(self, position: int) -> WordSample:
        """A word, counted from 0 among those that are not left out.

        Raises:
            IndexError: there is no such position.
            BadDataError: its image or its shard is damaged.
        """
        place, text = self._kept[position]
        word = self._words[place]
        if self._transform is None:
            changed: WordImage | Tensor = word
        else:
            changed = self._transform(open_image(word))
        image = changed if isinstance(changed, Tensor) else torch.from_numpy(to_inputs(changed, self.config))[0]
        return WordSample(image, text)

    def collate(self, samples: Sequence[WordSample]) -> WordBatch:
        """Makes a batch with targets: for ``DataLoader(data, collate_fn=data.collate)``."""
        images, texts = zip(*samples, strict=True)
        return WordBatch(torch.stack(images), list(texts), self._tokenizer.encode(texts))


def dataset(
    words: Sequence[StoredWord],
    transform: Transform | None = None,
    *,
    config: RecogniserConfig | None = None,
) -> WordDataset:
    """Makes words of a store into a map-style data set for torch's DataLoader.

    ::

        recogniser = htrmodel.load("starter")
        data = htrmodel.dataset(store["train", "imgur5k"], config=recogniser.config)
        for images, texts, targets in DataLoader(data, batch_size=32, shuffle=True, collate_fn=data.collate): ...

    Without ``collate_fn`` a batch has the images, float32 [N, 1, H, W], and the texts. Words whose labels the
    recogniser cannot spell are left out and counted in ``data.left_out``.

    Args:
        words: ``store[split, name]``, a slice of it, or any other sequence of stored words.
        transform: what is done to each image before it is brought to the size of the input: it takes a grey image of
            Pillow's, of the word's own size, and gives an image, an array, or a tensor that is taken as it is. For
            workers that are spawned it has to be picklable, as a function of a module is.
        config: of the recogniser: ``recogniser.config``. It says the size of the inputs and the charset. None for that
            of a new one: 32 x 100 pixels, the 94 characters of `htrdata.labels.PRINTABLE`, words of up to 25.

    Raises:
        WrongTypeError: these are no words of a store.
        UsageError: not one of the words can be spelt by the recogniser.
        BadDataError: a shard or the manifest is damaged.
    """
    if not isinstance(words, Sequence) or isinstance(words, str | bytes):
        raise WrongTypeError(
            f"{type(words).__name__} is no sequence of stored words: take those of a split, store['train', 'imgur5k']"
        )
    if config is None:
        config = RecogniserConfig(charset=PRINTABLE)
    elif not isinstance(config, RecogniserConfig):
        raise WrongTypeError(f"{type(config).__name__} is no config of a recogniser: give recogniser.config")
    return WordDataset(words, transform, config=config)
