"""The types and ranges of what a recogniser is built from."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import TYPE_CHECKING

from htrdata.errors import UsageError
from htrdata.labels import Charset
from htrmodel.config.stages import STAGES

if TYPE_CHECKING:
    from htrmodel.config.recogniser_config import RecogniserConfig

MIN_HEIGHT, MIN_WIDTH = 32, 8

# Bounds of sense, so that a stranger's file cannot ask for memory by a number that it merely states.
_MOST_CLASSES = 2**15 - 1
_MOST_CHANNELS = 2**14
_MOST_SIDE = 2**14
_MOST_PIXELS = 2**22
_MOST_POINTS = 2**8
_MOST_LENGTH = 2**12
_MOST_GRID = 2**22


def check_types(config: RecogniserConfig) -> None:
    """Makes sure that each field has the type that it is declared with.

    Raises:
        UsageError: one has another; the message names the field and the value.
    """
    for field in fields(config):
        value = getattr(config, field.name)
        wanted = {"int": (int,), "float": (float, int), "str": (str,)}.get(str(field.type), (Charset,))
        if type(value) not in wanted:
            raise UsageError(f"{field.name} is {value!r:.60}, a {type(value).__name__}: it must be a {field.type}")


def check_ranges(config: RecogniserConfig) -> None:
    """Makes sure that there is such an architecture, and that the numbers make sense, each and together.

    Args:
        config: whose fields have the right types.

    Raises:
        UsageError: a value is out of its range; the message names the field and the value.
    """
    _check_architecture(config.architecture)
    # The narrowest layer of the ResNet has a sixteenth of the channels, that of the others an eighth.
    step = 16 if config.features == "ResNet" else 8
    whole = 0 < config.output_channel <= _MOST_CHANNELS and config.output_channel % step == 0
    rule = f"a multiple of {step} with {config.features}, {step} to {_MOST_CHANNELS:,}"
    _check(config, "output_channel", whole, rule)
    _check(config, "hidden_size", 0 < config.hidden_size <= _MOST_CHANNELS, f"1 to {_MOST_CHANNELS:,}")
    even = 4 <= config.num_fiducial <= _MOST_POINTS and config.num_fiducial % 2 == 0
    _check(config, "num_fiducial", even, f"even, 4 to {_MOST_POINTS:,}")
    _check(config, "height", MIN_HEIGHT <= config.height <= _MOST_SIDE, f"{MIN_HEIGHT} to {_MOST_SIDE:,}")
    _check(config, "width", MIN_WIDTH <= config.width <= _MOST_SIDE, f"{MIN_WIDTH} to {_MOST_SIDE:,}")
    _check_area(config)
    _check(config, "max_length", 1 <= config.max_length <= _MOST_LENGTH, f"1 to {_MOST_LENGTH:,}")
    _check(config, "resize", config.resize in ("stretch", "pad", "free"), "'stretch', 'pad' or 'free'")
    if config.resize == "free" and (config.transformation, config.prediction) != ("None", "CTC"):
        raise UsageError(
            f"architecture is {config.architecture!r}: a model of lines, whose inputs have no one width, needs one "
            "without TPS that decodes by CTC, such as None-VGG-BiLSTM-CTC"
        )
    _check(config, "mean", math.isfinite(config.mean), "a finite number")
    _check(config, "std", 0 < config.std < math.inf, "a positive number")
    if config.num_classes > _MOST_CLASSES:
        charset = config.charset
        raise UsageError(f"charset {charset.name!r} has {len(charset.characters):,} characters: too many")


def _check(config: RecogniserConfig, field: str, right: bool, rule: str) -> None:
    if not right:
        raise UsageError(f"{field} is {getattr(config, field)!r}: it must be {rule}")


def _check_area(config: RecogniserConfig) -> None:
    pixels = config.height * config.width
    points = config.num_fiducial + 3 if config.transformation == "TPS" else 1
    if pixels > _MOST_PIXELS or pixels * points > _MOST_GRID:
        raise UsageError(
            f"inputs of {config.height} x {config.width} pixels are too large for a word"
            f"{f' and {config.num_fiducial} control points of TPS' if points > 1 else ''}: give fewer"
        )


def _check_architecture(architecture: str) -> None:
    names = architecture.split("-")
    if len(names) != len(STAGES):
        raise UsageError(
            f"architecture is {architecture[:60]!r}: it must name four stages, as in TPS-ResNet-BiLSTM-Attn"
        )
    for name, (stage, choices) in zip(names, STAGES.items(), strict=True):
        if name not in choices:
            known = ", ".join(choices)
            raise UsageError(f"architecture is {architecture[:60]!r}: its {stage} {name[:60]!r} is none of {known}")
