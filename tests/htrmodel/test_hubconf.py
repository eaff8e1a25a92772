"""The starters by torch.hub, from a checkout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import htrmodel
from htrmodel import starter

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", starter.STARTERS)
def test_an_entry_gives_the_recogniser(name: str) -> None:
    found = torch.hub.load(str(ROOT), name.replace("-", "_"), source="local")  # type: ignore[no-untyped-call]
    expected = htrmodel.load(name)
    assert found.config == expected.config
    assert not found.training
    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 90), np.uint8))
    assert found.read(image) == expected.read(image)
