"""The words that an export to 8 bits is shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from htrdata.errors import SourceMissingError, UsageError
from htrdata.store.reading import open_store
from htrmodel.config import RecogniserConfig
from htrmodel.data.cache import decoded_words
from htrmodel.data.calibration import calibration_inputs
from htrmodel.data.origins import StoredSplit
from htrmodel.data.samples import open_samples
from htrmodel.inputs import standardise

from .conftest import MakeStore

LABELS = ["one", "two", "é", "three", "four", "five", "six"]


def test_they_are_training_words_as_the_model_takes_them(make_store: MakeStore, config: RecogniserConfig) -> None:
    root = make_store({"train": LABELS, "test": ["never"]})
    words = decoded_words(open_samples(StoredSplit(open_store(root).dataset("drawn"), "train")), config)
    inputs = calibration_inputs(root, config, words=5)
    assert inputs.shape == (5, 1, config.height, config.width)
    assert inputs.dtype == np.float32
    known = {image.tobytes() for image in standardise(words, config)}
    assert len({image.tobytes() for image in inputs} & known) == 5  # no word twice
    np.testing.assert_array_equal(inputs, calibration_inputs(root, config, words=5))


def test_data_sets_share_them_and_few_words_are_all_taken(make_store: MakeStore, config: RecogniserConfig) -> None:
    root = make_store({"train": LABELS}, name="first")
    make_store({"train": LABELS[:2]}, root=root, name="second", seed=1)
    assert len(calibration_inputs(root, config, words=6)) == 3 + 2
    assert len(calibration_inputs(root, config)) == len(LABELS) + 2


def test_stores_without_training_words(make_store: MakeStore, config: RecogniserConfig, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has training words to calibrate with"):
        calibration_inputs(make_store({"test": LABELS}), config)
    with pytest.raises(SourceMissingError):
        calibration_inputs(tmp_path / "nothing", config)
