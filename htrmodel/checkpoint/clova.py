"""Weights as clova's deep-text-recognition-benchmark and AttentionHTR exchange them.

Such a ``.pth`` is the state dict of ``DataParallel(model)``, so every key begins with ``module.``, and nothing else.
The architecture follows from keys and shapes; the charset, the image size without TPS, padding and length do not.
"""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from htrdata.errors import BadDataError, UsageError
from htrdata.files.writing import write_atomically
from htrdata.labels import ALNUM, PRINTABLE, Charset
from htrmodel.checkpoint.settings import Settings
from htrmodel.checkpoint.stored_tensor import StoredTensor
from htrmodel.config import SPECIAL_TOKENS, RecogniserConfig
from htrmodel.layers.tps import GRID, GridGenerator
from htrmodel.recogniser import Recogniser

PREFIX = "module."

USUAL = Settings(height=32, width=100, pad=False, max_length=25)
"""The defaults of both programs."""

# A layer that one trunk has and the others lack; its first dimension is output_channel.
_TRUNK_LAYERS = {
    "ResNet": "FeatureExtraction.ConvNet.bn4_2.weight",
    "RCNN": "FeatureExtraction.ConvNet.10.weight",
    "VGG": "FeatureExtraction.ConvNet.18.weight",
}
_HEADS = {"Attn": "Prediction.generator.weight", "CTC": "Prediction.weight"}
_PROJECTION = "SequenceModeling.0.linear.weight"
_POINTS = "Transformation.LocalizationNetwork.localization_fc2.bias"
_PIXELS = f"{GRID}P_hat"

_MOST_GRID = 2**28
"""Bytes of `_PIXELS` at most."""

Shapes = Mapping[str, StoredTensor]


def infer_config(weights: Shapes, known: Settings) -> tuple[RecogniserConfig, str]:
    """Works out what recogniser weights belong to.

    Args:
        weights: a state dict with clova's keys, without ``module.``.
        known: what is known of the settings that weights leave open.

    Returns:
        The config, and what of it is assumed, in words, empty where nothing is: `ALNUM` for 36 characters, `PRINTABLE`
        for 94, and `USUAL`. With TPS the image size is in the weights.

    Raises:
        BadDataError: the weights are not of the four-stage family.
        UsageError: the charset or the image size cannot be told and must be given, or what is given does not fit.
    """
    features = _only(weights, _TRUNK_LAYERS, "features")
    prediction = _only(weights, _HEADS, "prediction")
    transformation = "TPS" if any(key.startswith("Transformation.") for key in weights) else "None"
    sequence = "BiLSTM" if any(key.startswith("SequenceModeling.") for key in weights) else "None"
    hidden_size, num_fiducial = 256, 20
    if prediction == "Attn":
        hidden_size = _size(weights, _HEADS["Attn"], 1)
    elif sequence == "BiLSTM":
        hidden_size = _size(weights, _PROJECTION, 0)
    if transformation == "TPS":
        num_fiducial = _size(weights, _POINTS, 0) // 2
    charset = _charset_of(_size(weights, _HEADS[prediction], 0) - SPECIAL_TOKENS[prediction], known.charset)
    if known.height is None and known.width is None:
        known = known.over(_size_in_grid(weights))
    config = RecogniserConfig(
        charset=charset,
        architecture=f"{transformation}-{features}-{sequence}-{prediction}",
        output_channel=_size(weights, _TRUNK_LAYERS[features], 0),
        hidden_size=hidden_size,
        num_fiducial=num_fiducial,
    )
    config = replace(config, **known.over(USUAL).model_fields())
    return config, _assumed(known, config)


def grid_fits(weights: Mapping[str, Tensor], config: RecogniserConfig) -> bool:
    """Whether the constant matrices of TPS among the weights, if any, are those of the config's image size."""
    return all(
        weights[key].shape == value.shape and torch.allclose(weights[key].to(value), value, atol=1e-3)
        for key, value in grid_weights(config).items()
        if key in weights
    )


def grid_weights(config: RecogniserConfig) -> dict[str, Tensor]:
    """The constant matrices of TPS for the config's image size, by their keys; none without TPS."""
    if config.transformation != "TPS":
        return {}
    return dict(GridGenerator(config.height, config.width, config.num_fiducial).state_dict(prefix=GRID))


def export_clova(recogniser: Recogniser, path: Path | str) -> None:
    """Writes a ``.pth`` that the ``DataParallel`` models of clova's benchmark and of AttentionHTR load as their own.

    Architecture, charset and image size are not in it: whoever loads it has to name them again.

    Raises:
        CannotCreateError: the file cannot be created there.
        StorageError: writing failed.
    """
    state = recogniser.state_dict()
    content = io.BytesIO()
    torch.save(OrderedDict((PREFIX + key, value.detach().cpu().contiguous()) for key, value in state.items()), content)
    write_atomically(path, content.getvalue())


def _only(weights: Shapes, keys: Mapping[str, str], stage: str) -> str:
    """The choice of a stage whose key is among the weights."""
    found = [name for name, key in keys.items() if key in weights]
    if len(found) != 1:
        expected = " or ".join(keys.values())
        raise BadDataError(f"the weights are not of the four-stage family: their {stage} should have one of {expected}")
    return found[0]


def _size(weights: Shapes, key: str, dimension: int) -> int:
    if key not in weights or len(weights[key].shape) <= dimension:
        raise BadDataError(f"the weights are not of the four-stage family: {key} is missing or has too few dimensions")
    return weights[key].shape[dimension]


def _charset_of(count: int, charset: Charset | None) -> Charset:
    if charset is None:
        known = {len(charset.characters): charset for charset in (ALNUM, PRINTABLE)}
        if count not in known:
            raise UsageError(
                f"the weights have {count} characters, which is no known charset: name theirs "
                "(--charset; of `htrmodel finetune` --from-charset)"
            )
        return known[count]
    if len(charset.characters) != count:
        raise UsageError(
            f"the weights have {count} characters, charset {charset.name!r} has {len(charset.characters)}: name theirs"
        )
    return charset


def _size_in_grid(weights: Shapes) -> Settings:
    """The image size that the constant matrices of TPS are of; nothing where there are none.

    Raises:
        UsageError: they are of no image size.
    """
    if _PIXELS not in weights:
        return Settings()
    found = weights[_PIXELS]
    if found.size <= _MOST_GRID and len(found.shape) == 2 and found.shape[0] > 0 and found.shape[1] > 3:
        # The first pixel's centre lies half a pixel inside -1.
        _, x, y, *_ = found.fetch()[0].tolist()
        width, height = (round(1 / (1 + place)) if place > -1 else 0 for place in (x, y))
        if width * height == found.shape[0]:
            return Settings(height=height, width=width)
    raise UsageError(f"the weights have a {_PIXELS} of no image size: name height and width")


def _assumed(known: Settings, config: RecogniserConfig) -> str:
    """What of a config nobody said."""
    found = {
        f"charset {config.charset.name} for its {len(config.charset.characters)} characters": known.charset,
        f"a height of {config.height} pixels": known.height,
        f"a width of {config.width}": known.width,
        "images stretched, not padded": known.pad,
        f"words of up to {config.max_length} characters": known.max_length,
    }
    return ", ".join(text for text, said in found.items() if said is None)
