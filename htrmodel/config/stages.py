"""The four stages of a recogniser, and what may be chosen for each."""

from __future__ import annotations

STAGES = {
    "transformation": ("None", "TPS"),
    "features": ("VGG", "RCNN", "ResNet"),
    "sequence": ("None", "BiLSTM"),
    "prediction": ("CTC", "Attn"),
}
"""The choices of each stage, in the order in which an architecture's name gives them."""

SPECIAL_TOKENS = {"CTC": 1, "Attn": 2}
"""Classes before the first character: the blank of CTC; start and end of attention."""
