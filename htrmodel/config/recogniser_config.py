"""What a recogniser is built from: the four stages, their sizes, the charset and how an image becomes an input.

The four-stage family is that of Baek et al., "What Is Wrong With Scene Text Recognition Model Comparisons?"
(ICCV 2019): transformation, features, sequence, prediction. They name an architecture: ``TPS-ResNet-BiLSTM-Attn``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, TypedDict

from htrdata.errors import BadDataError, UsageError
from htrdata.labels import Charset, LabelPolicy
from htrmodel.config.ranges import MIN_HEIGHT, check_ranges, check_types
from htrmodel.config.stages import SPECIAL_TOKENS

ENTRY = "htrmodel"
"""The metadata entry with the record that our checkpoints and exports have: a JSON object."""

FORMAT = 1
"""Of that record, under ``format``."""

LEAST_LINE = 32
"""Columns of the narrowest input of a model of lines."""

_LINE_STEP = 16


class ModelFields(TypedDict, total=False):
    """Fields of a `RecogniserConfig` that a person may choose besides its charset; what is not there stays as it is."""

    architecture: str
    output_channel: int
    hidden_size: int
    height: int
    width: int
    max_length: int
    resize: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecogniserConfig:
    """Everything that is needed to build a recogniser and to feed it.

    Attributes:
        charset: what it reads; the characters in order are its classes.
        architecture: transformation, features, sequence and prediction, joined by hyphens.
        output_channel: channels of the visual features.
        hidden_size: width of the BiLSTM and of the attention decoder.
        num_fiducial: control points of TPS, half of them on the upper edge of the word, half on the lower.
        height: pixel rows of the input.
        width: pixel columns of the input; of the widest one where inputs are as wide as their lines.
        max_length: characters of the longest word; attention runs one step more, for the end token.
        resize: ``stretch`` scales an image to height × width whatever its shape; ``pad`` keeps its shape and fills
            the right-hand side; ``free`` keeps its shape too, and the input is as wide as that needs: for lines.
        mean: what is subtracted from a grey value in [0, 1].
        std: what the difference is then divided by; 0.5 and 0.5 give inputs in [-1, 1].

    Raises:
        UsageError: a value is out of its range; the message names the field and the value.
    """

    charset: Charset
    architecture: str = "TPS-ResNet-BiLSTM-Attn"
    output_channel: int = 512
    hidden_size: int = 256
    num_fiducial: int = 20
    height: int = MIN_HEIGHT
    width: int = 100
    max_length: int = 25
    resize: str = "stretch"
    mean: float = 0.5
    std: float = 0.5

    def __post_init__(self) -> None:
        check_types(self)
        check_ranges(self)

    @property
    def transformation(self) -> str:
        """``None`` or ``TPS``."""
        return self.architecture.split("-")[0]

    @property
    def features(self) -> str:
        """``VGG``, ``RCNN`` or ``ResNet``."""
        return self.architecture.split("-")[1]

    @property
    def sequence(self) -> str:
        """``None`` or ``BiLSTM``."""
        return self.architecture.split("-")[2]

    @property
    def prediction(self) -> str:
        """``CTC`` or ``Attn``."""
        return self.architecture.split("-")[3]

    @property
    def num_classes(self) -> int:
        """Characters and special tokens: the width of the logits."""
        return SPECIAL_TOKENS[self.prediction] + len(self.charset.characters)

    def summary(self) -> str:
        """What it is, in a few words."""
        charset = self.charset
        width = f"up to {self.width:,}" if self.reads_lines else str(self.width)
        return (
            f"{self.architecture}, {self.height} x {width} pixels, {len(charset.characters)} characters "
            f"({charset.name})"
        )

    @property
    def reads_lines(self) -> bool:
        """Whether it takes inputs of any width: whole lines, and words as short ones."""
        return self.resize == "free"

    @property
    def unit(self) -> Literal["word", "line"]:
        """What messages call its inputs: a ``line`` or a ``word``."""
        return "line" if self.reads_lines else "word"

    def input_width(self, width: int, height: int) -> int:
        """Pixel columns of the input for an image of some size.

        Inputs of lines have one of few widths, each about an eighth wider than the one before, so that a line is read
        alike whatever stands beside it in a batch, and batches of one width can be filled.
        """
        if not self.reads_lines:
            return self.width
        # A margin behind the last letter: what stands at the border of an input is read worse.
        wanted = max(LEAST_LINE, -(-self.height * width // height) + self.height // 4)
        step = max(_LINE_STEP, 1 << (wanted.bit_length() - 4))
        return min(self.width, -(-wanted // step) * step)

    @property
    def steps(self) -> int:
        """How often it says a class, or nothing: T of its logits [N, T, C] where it takes all steps."""
        if self.prediction == "Attn":
            return self.max_length + 1
        return self.steps_of(self.width)

    def steps_of(self, width: int) -> int:
        """The steps of CTC along an input of some width."""
        return width // 4 + (-1 if self.features == "VGG" else 1)

    @property
    def label_policy(self) -> LabelPolicy:
        """The labels that it can spell: of its characters, not too long, and with CTC not for its steps either."""
        max_steps = self.steps if self.prediction == "CTC" else None
        return LabelPolicy(self.charset, self.max_length, max_steps=max_steps)

    @property
    def model_fields(self) -> ModelFields:
        """What may be chosen, as it is here."""
        return {
            "architecture": self.architecture,
            "output_channel": self.output_channel,
            "hidden_size": self.hidden_size,
            "height": self.height,
            "width": self.width,
            "max_length": self.max_length,
            "resize": self.resize,
        }

    def to_dict(self) -> dict[str, Any]:
        """The config as JSON can hold it; `from_dict` reads it back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: object) -> RecogniserConfig:
        """Reads what `to_dict` wrote.

        Raises:
            BadDataError: it is no object, a field is missing, unknown, of another type or out of its range.
        """
        if not isinstance(values, Mapping):
            raise BadDataError(f"the model config cannot be read: it is {values!r:.60}, no object")
        known = {field.name for field in fields(cls)}
        if wrong := sorted(known ^ values.keys()):
            raise BadDataError(f"the model config has missing or unknown fields: {', '.join(wrong)[:200]}")
        try:
            return cls(**{**values, "charset": _charset(values["charset"])})
        except UsageError as error:
            raise BadDataError(f"the model config cannot be read: {error}") from error


def _charset(values: object) -> Charset:
    types = {"name": str, "characters": str, "folds_case": bool}
    if not isinstance(values, Mapping) or {name: type(value) for name, value in values.items()} != types:
        raise UsageError(f"the charset is {values!r:.60}: it must have a name and characters, texts, and folds_case")
    return Charset(**values)
