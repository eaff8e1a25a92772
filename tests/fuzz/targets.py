"""All targets, by name."""

from __future__ import annotations

from .archive_targets import ARCHIVE_TARGETS
from .checkpoint_targets import CHECKPOINT_TARGETS
from .image_targets import IMAGE_TARGETS
from .store_targets import STORE_TARGETS
from .target import Target
from .text_targets import TEXT_TARGETS

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (*TEXT_TARGETS, *ARCHIVE_TARGETS, *IMAGE_TARGETS, *STORE_TARGETS, *CHECKPOINT_TARGETS)
}
