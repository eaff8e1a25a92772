from __future__ import annotations

import json
import re
from typing import Any

import pytest

from htrdata.errors import BadDataError, UsageError
from htrdata.labels import ALNUM, PRINTABLE, Charset
from htrmodel.config import RecogniserConfig


def test_stages_are_read_from_the_name() -> None:
    config = RecogniserConfig(charset=PRINTABLE, architecture="None-RCNN-BiLSTM-CTC")
    assert (config.transformation, config.features, config.sequence, config.prediction) == (
        "None",
        "RCNN",
        "BiLSTM",
        "CTC",
    )
    assert config.num_classes == 95
    assert RecogniserConfig(charset=ALNUM).num_classes == 38


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"architecture": "TPS-ResNet-BiLSTM"}, "architecture is 'TPS-ResNet-BiLSTM': it must name four stages"),
        ({"architecture": "TPS-ViT-None-CTC"}, "its features 'ViT' is none of VGG, RCNN, ResNet"),
        ({"output_channel": 24}, "output_channel is 24: it must be a multiple of 16 with ResNet, 16 to 16,384"),
        ({"output_channel": 0}, "output_channel is 0"),
        ({"hidden_size": 0}, "hidden_size is 0: it must be 1 to 16,384"),
        ({"num_fiducial": 7}, "num_fiducial is 7: it must be even, 4 to 256"),
        ({"num_fiducial": 2}, "num_fiducial is 2"),
        ({"height": 31}, "height is 31: it must be 32 to 16,384"),
        ({"width": 4}, "width is 4"),
        ({"max_length": 0}, "max_length is 0"),
        ({"resize": "crop"}, "resize is 'crop': it must be 'stretch', 'pad' or 'free'"),
        ({"std": 0.0}, "std is 0.0"),
        ({"std": float("inf")}, "std is inf"),
        ({"mean": float("nan")}, "mean is nan"),
        ({"width": 100.0}, "width is 100.0, a float: it must be a int"),
        ({"max_length": True}, "max_length is True, a bool"),
        ({"output_channel": 2**40}, "output_channel is 1099511627776: it must be a multiple of 16"),
        ({"num_fiducial": 40_000}, "num_fiducial is 40000: it must be even, 4 to 256"),
        ({"height": 4096, "width": 4096}, "4096 x 4096 pixels are too large"),
        ({"width": 16_000}, "32 x 16000 pixels are too large for a word and 20 control points of TPS"),
    ],
)
def test_wrong_fields_are_named_with_their_value(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        RecogniserConfig(charset=PRINTABLE, **fields)


def test_it_goes_through_json_unchanged() -> None:
    config = RecogniserConfig(charset=Charset("wide", "aé€𝔄 ", folds_case=True), width=128, resize="pad", max_length=40)
    assert RecogniserConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"depth": 3}, "missing or unknown fields: depth"),
        ({"height": "tall"}, "cannot be read"),
        ({"height": 3}, "height is 3"),
        ({"charset": {"name": "x", "characters": "aa", "folds_case": False}}, "'a' more than once"),
        ({"charset": "abc"}, "cannot be read"),
    ],
)
def test_a_wrong_record_is_bad_data(change: dict[str, Any], message: str) -> None:
    with pytest.raises(BadDataError, match=message):
        RecogniserConfig.from_dict(RecogniserConfig(charset=ALNUM).to_dict() | change)


def test_a_missing_field_is_named() -> None:
    record = RecogniserConfig(charset=ALNUM).to_dict()
    del record["width"]
    with pytest.raises(BadDataError, match="width"):
        RecogniserConfig.from_dict(record)
