"""Makes reference.json: what the family computes from small seeded weights, for those who lack the large references.

The figures are this package's own, in float64, written by a state of the code that agreed to 1e-13 with what clova's
modules compute (`test_golden.py`). They hold the arithmetic in its place; that it is clova's arithmetic is what the
large references show.

    python tests/htrmodel/checkpoint/make_reference.py
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from htrdata.labels import Charset
from htrmodel.config import RecogniserConfig
from htrmodel.recogniser import Recogniser

FILE = Path(__file__).with_name("reference.json")
ARCHITECTURES = ("TPS-ResNet-BiLSTM-Attn", "TPS-VGG-BiLSTM-CTC", "None-RCNN-None-CTC", "None-VGG-None-Attn")
LABELS = ["0a", "ba9b"]


def small_recogniser(architecture: str) -> Recogniser:
    """A narrow recogniser whose weights are drawn by NumPy, in float64 and in the order of its state dict."""
    config = RecogniserConfig(
        charset=Charset("small", "09ab"),
        architecture=architecture,
        output_channel=32,
        hidden_size=8,
        max_length=6,
    )
    recogniser = Recogniser(config).double().eval()
    rng = np.random.default_rng(20)
    drawn = {}
    for name, value in sorted(recogniser.state_dict().items()):
        if not value.is_floating_point():
            drawn[name] = value
            continue
        scale = 1 / np.sqrt(max(1, value[0].numel())) if value.dim() > 1 else 0.1
        numbers = torch.from_numpy(rng.normal(0, scale, tuple(value.shape)))
        # Variances and scales of batch norms stay near 1, and the points of the TPS near their places.
        if "running_var" in name or (value.dim() == 1 and name.endswith("weight")):
            numbers = 1 + numbers.abs()
        elif "localization_fc2" in name:
            numbers = value + 0.02 * numbers
        drawn[name] = numbers
    recogniser.load_state_dict(drawn)
    return recogniser


def outputs(recogniser: Recogniser) -> dict[str, Tensor]:
    """What it computes of two seeded images: the rectified images, the features, and the logits read and taught."""
    images = torch.from_numpy(np.random.default_rng(21).uniform(-1, 1, (len(LABELS), 1, 32, 100)))
    targets = recogniser.tokenizer.encode(LABELS, length=recogniser.config.max_length)
    with torch.no_grad():
        return {
            "rectified": recogniser.rectify(images),
            "features": recogniser.encode(images),
            "logits": recogniser(images, full_steps=True),
            "taught": recogniser(images, targets),
        }


def summary(values: Tensor) -> list[float]:
    """Some of the values, evenly spread, then their mean and the root of their mean square."""
    flat = values.reshape(-1)
    chosen = flat[torch.linspace(0, len(flat) - 1, 24).long()]
    return [*chosen.tolist(), flat.mean().item(), flat.square().mean().sqrt().item()]


if __name__ == "__main__":
    reference = {}
    for name in ARCHITECTURES:
        reference[name] = {key: summary(value) for key, value in outputs(small_recogniser(name)).items()}
    FILE.write_text(json.dumps(reference, indent=1) + "\n", encoding="utf-8")
