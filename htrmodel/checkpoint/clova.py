"""Weights as clova's deep-text-recognition-benchmark and AttentionHTR exchange them.

Such a ``.pth`` is the state dict of ``DataParallel(model)``, so every key begins with ``module.``, and nothing else:
the architecture follows from keys and shapes, the charset only from the number of classes.
"""

from __future__ import annotations

import io
import pickle
import re
import struct
import warnings
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from htrdata.errors import BadDataError, UsageError
from htrdata.files.writing import write_atomically
from htrdata.labels import ALNUM, PRINTABLE, Charset
from htrmodel.config import SPECIAL_TOKENS, RecogniserConfig
from htrmodel.layers.tps import GRID, GridGenerator
from htrmodel.recogniser import Recogniser

PREFIX = "module."

# What torch.load raises for files that are cut short or are something else, besides UnpicklingError.
_DAMAGED = (RuntimeError, EOFError, ValueError, LookupError, TypeError, AttributeError, AssertionError, struct.error)

# A layer that one trunk has and the others lack; its first dimension is output_channel.
_TRUNK_LAYERS = {
    "ResNet": "FeatureExtraction.ConvNet.bn4_2.weight",
    "RCNN": "FeatureExtraction.ConvNet.10.weight",
    "VGG": "FeatureExtraction.ConvNet.18.weight",
}
_HEADS = {"Attn": "Prediction.generator.weight", "CTC": "Prediction.weight"}
_PROJECTION = "SequenceModeling.0.linear.weight"
_POINTS = "Transformation.LocalizationNetwork.localization_fc2.bias"


def read_pth(path: Path) -> dict[str, Tensor]:
    """Reads the weights of a ``.pth`` file, zip or legacy pickle. Nothing but tensors is unpickled.

    Returns:
        The weights on the CPU, keys without ``module.``.

    Raises:
        BadDataError: the file is damaged, holds anything but tensors by name, or has keys with and without ``module.``.
        OSError: it cannot be read.
    """
    # Read as bytes first: torch.load would go by the name's ending, and take damage for an I/O error.
    content = io.BytesIO(path.read_bytes())
    try:
        with warnings.catch_warnings():
            # It warns of what then fails, or does not matter.
            warnings.simplefilter("ignore")
            weights = torch.load(content, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if found := re.search(r"GLOBAL (\S+)", str(error)):
            raise BadDataError(
                f"{path} holds more than tensors ({found[1]}), which could run code when read: it is refused"
            ) from error
        raise BadDataError(f"{path} is damaged, cut short or no checkpoint: get it again") from error
    except _DAMAGED as error:
        raise BadDataError(f"{path} is damaged, cut short or no checkpoint: get it again") from error
    if not isinstance(weights, Mapping) or not weights:
        raise BadDataError(f"{path} holds no weights by name, but a {type(weights).__name__}")
    for key, value in weights.items():
        if not (isinstance(key, str) and isinstance(value, Tensor)):
            raise BadDataError(f"{path} is no state dict: its entry {key!r} is a {type(value).__name__}, not a tensor")
    if len({key.startswith(PREFIX) for key in weights}) > 1:
        raise BadDataError(f"{path} has keys with and without {PREFIX!r}: it is no checkpoint of one model")
    return {key.removeprefix(PREFIX): value for key, value in weights.items()}


def infer_config(
    weights: Mapping[str, Tensor],
    *,
    charset: Charset | None = None,
    height: int | None = None,
    width: int | None = None,
    max_length: int | None = None,
) -> RecogniserConfig:
    """Works out what recogniser weights belong to.

    Args:
        weights: a state dict with clova's keys, without ``module.``.
        charset: what its classes are. None for `alnum` where there are 36 characters, `printable` where there are 94.
        height: pixel rows of the input; None for 32.
        width: pixel columns of the input; None for 100.
        max_length: characters of the longest word; None for 25. It is nowhere in the weights.

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
    config = RecogniserConfig(
        charset=_charset_of(_size(weights, _HEADS[prediction], 0) - SPECIAL_TOKENS[prediction], charset),
        architecture=f"{transformation}-{features}-{sequence}-{prediction}",
        output_channel=_size(weights, _TRUNK_LAYERS[features], 0),
        hidden_size=hidden_size,
        num_fiducial=num_fiducial,
        height=32 if height is None else height,
        width=100 if width is None else width,
        max_length=25 if max_length is None else max_length,
    )
    if height is None and width is None and not grid_fits(weights, config):
        raise UsageError("the weights are of another image size than 32 × 100: name its height and width")
    return config


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


def _only(weights: Mapping[str, Tensor], keys: Mapping[str, str], stage: str) -> str:
    """The choice of a stage whose key is among the weights."""
    found = [name for name, key in keys.items() if key in weights]
    if len(found) != 1:
        expected = " or ".join(keys.values())
        raise BadDataError(f"the weights are not of the four-stage family: their {stage} should have one of {expected}")
    return found[0]


def _size(weights: Mapping[str, Tensor], key: str, dimension: int) -> int:
    if key not in weights or weights[key].dim() <= dimension:
        raise BadDataError(f"the weights are not of the four-stage family: {key} is missing or has too few dimensions")
    return weights[key].shape[dimension]


def _charset_of(count: int, charset: Charset | None) -> Charset:
    if charset is None:
        known = {len(charset.characters): charset for charset in (ALNUM, PRINTABLE)}
        if count not in known:
            raise UsageError(f"the weights have {count} characters, which is no known charset: name theirs")
        return known[count]
    if len(charset.characters) != count:
        raise UsageError(
            f"the weights have {count} characters, charset {charset.name!r} has {len(charset.characters)}: name theirs"
        )
    return charset
