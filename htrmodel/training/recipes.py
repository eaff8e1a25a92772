"""Named training recipes and the narrow model of ``--small``. Nothing here imports torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from htrdata.errors import UsageError
from htrmodel.config import ModelFields

PRECISIONS = ("float32", "auto", "bfloat16")
"""What a recogniser is trained in: float32; bfloat16 autocast on a GPU that has it and float32 elsewhere; or bfloat16
autocast everywhere. CPUs with AVX512-BF16 or AMX are faster with it, others slower."""


SELECTS = ("loss", "cer")
"""What the best checkpoint can be chosen by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How a recogniser is trained.

    Attributes:
        name: what people call it.
        optimizer: ``adadelta`` (rho 0.95, epsilon 1e-8) or ``adamw`` (torch's defaults but for the weight decay).
        lr: the learning rate, or the highest one of a one-cycle schedule.
        schedule: ``constant``; or ``one_cycle``, which rises for `warmup` and then falls to nearly 0, along cosines
            (Smith and Topin, arXiv 1708.07120).
        warmup: share of the steps in which a one-cycle schedule rises.
        weight_decay: of AdamW.
        clip: gradients are scaled down to this norm.
        batch_size: words in a batch.
        epochs: passes over the data at most; None for no bound but `steps`.
        steps: batches at most.
        patience: validations without a better one after which it stops; 0 for never.
        select: what the best checkpoint has the lowest of, the mean over the data sets that are validated: ``loss``; or
            ``cer``, and of equal ones the lowest loss.
        augment: strength of `htrmodel.data.augment`; 0 for none.
        bend: how strongly it also bends letters; 0 for not. It goes with `augment`, by whose strength it is multiplied.
        precision: one of `PRECISIONS`; see `htrmodel.devices.uses_bfloat16`. The recogniser keeps TPS and its decoder
            out of it, and the loss is computed in float32.
        average: decay of the moving average of the weights (Polyak and Juditsky, 1992), which is then what is validated
            and kept; 0 for none. It is (1 + step) / (10 + step) where that is less, so that the first weights fade.

    Raises:
        UsageError: a value is out of its range, or would have no effect beside another.
    """

    name: str
    optimizer: str
    lr: float
    schedule: str = "constant"
    warmup: float = 0.075
    weight_decay: float = 0.0
    clip: float = 5.0
    batch_size: int = 192
    epochs: int | None = None
    steps: int = 300_000
    patience: int = 0
    select: str = "loss"
    augment: float = 0.0
    precision: str = "float32"
    average: float = 0.0
    bend: float = 0.0

    def __post_init__(self) -> None:
        self._check("optimizer", self.optimizer in ("adadelta", "adamw"), "adadelta or adamw")
        self._check("schedule", self.schedule in ("constant", "one_cycle"), "constant or one_cycle")
        self._check("lr", 0 < self.lr < float("inf"), "positive")
        for field in ("batch_size", "steps"):
            self._check(field, getattr(self, field) >= 1, "at least 1")
        self._check("epochs", self.epochs is None or self.epochs >= 1, "at least 1")
        self._check("patience", self.patience >= 0, "0 (never stop early) or more")
        self._check("select", self.select in SELECTS, " or ".join(SELECTS))
        self._check("augment", 0 <= self.augment < float("inf"), "0 (not at all) or more")
        self._check("bend", 0 <= self.bend < float("inf"), "0 (not at all) or more")
        self._check("weight_decay", 0 <= self.weight_decay < float("inf"), "0 or more")
        self._check("precision", self.precision in PRECISIONS, " or ".join(PRECISIONS))
        self._check("average", 0 <= self.average < 1, "at least 0 and below 1")
        self._check("bend", not self.bend or self.augment > 0, "0 where augment is 0, as nothing is changed then")
        decays = self.optimizer == "adamw"
        self._check("weight_decay", not self.weight_decay or decays, "0 with adadelta; adamw, as in modern, has some")

    def _check(self, field: str, right: bool, rule: str) -> None:
        if not right:
            raise UsageError(f"{field} is {getattr(self, field)!r}: it must be {rule}")

    def total_steps(self, steps_per_epoch: int) -> int:
        """Batches at most, given how many an epoch has."""
        return self.steps if self.epochs is None else min(self.steps, self.epochs * steps_per_epoch)

    def to_dict(self) -> dict[str, Any]:
        """The recipe as JSON can hold it."""
        values = asdict(self)
        if not self.bend:
            del values["bend"]  # runs that began before there was any go on
        return values


ATTENTIONHTR = Recipe(name="attentionhtr", optimizer="adadelta", lr=1.0, patience=5)
"""AttentionHTR's (arXiv 2201.09390), as in its code: no augmentation, no schedule, float32."""

MODERN = Recipe(
    name="modern",
    optimizer="adamw",
    lr=7e-4,
    schedule="one_cycle",
    epochs=20,
    select="cer",
    augment=1.0,
    precision="auto",
    average=0.999,
)
"""In the direction of PARSeq's recipe for this family (arXiv 2207.06966), with a moving average in place of SWA.

The average is there from the first step on, so that stopping at any time, and resuming, need no second phase; and its
batch statistics are averaged too, so that no pass over the data has to compute them anew.
"""

SMALL = Recipe(
    name="small",
    optimizer="adamw",
    lr=3e-3,
    schedule="one_cycle",
    warmup=0.1,
    batch_size=32,
    epochs=40,
    select="cer",
    augment=0.25,
)
"""For a few hundred to a few thousand words and the model of `SMALL_MODEL`, from scratch."""

OWN_DATA = Recipe(
    name="own-data",
    optimizer="adamw",
    lr=1e-3,
    schedule="one_cycle",
    warmup=0.1,
    batch_size=32,
    epochs=20,
    select="cer",
    augment=0.5,
)
"""To fine-tune on some hundreds to thousands of words: gentler than for new weights, with more augmentation."""

STARTER = Recipe(
    name="starter",
    optimizer="adamw",
    lr=1e-3,
    schedule="one_cycle",
    warmup=0.05,
    batch_size=64,
    epochs=1,
    select="cer",
    augment=0.5,
    precision="bfloat16",
    average=0.999,
)
"""Of the starter weights: drawn words in hundreds of thousands, each seen about once, on a CPU that has bfloat16."""

LINES = Recipe(
    name="lines",
    optimizer="adamw",
    lr=3e-4,
    schedule="one_cycle",
    warmup=0.05,
    batch_size=16,
    epochs=10,
    select="cer",
    augment=0.5,
    average=0.999,
)
"""For whole lines, some hundreds to tens of thousands: small batches, since each line is as long as ten words.

The rate is for fine-tuning: with 0.001 the first fifty lines of two hands of three made it read the rest worse.
Many thousands of lines, or new weights, want 0.0015.
"""

RECIPES = {recipe.name: recipe for recipe in (ATTENTIONHTR, MODERN, SMALL, OWN_DATA, STARTER, LINES)}

LINE_MODEL: ModelFields = {"height": 48, "width": 3072, "max_length": 768, "resize": "free"}
"""What makes a model read lines: more rows, and inputs as wide as each needs; longer texts than their steps allow are
left out anyway."""

SMALL_MODEL: ModelFields = {"architecture": "None-VGG-BiLSTM-CTC", "output_channel": 128, "hidden_size": 128}
"""Sizes of a `htrmodel.config.RecogniserConfig` with 0.95 million parameters: two CPU cores train it in minutes."""
