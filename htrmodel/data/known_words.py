"""Whether a checkpoint knows the words that it is judged by: it has a record of what its training had."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from htrmodel.config import RecogniserConfig
from htrmodel.data.line_widths import writable
from htrmodel.data.origins import StoredSplit
from htrmodel.data.samples import open_samples

_TOLD = {
    "train": "was trained on these very {}: that it reads them says nothing of others",
    "val": "was chosen by these very {}, and its confidences fitted to them, which flatters it: judge it by test",
}


def known_words(name: str, data: Mapping[str, Any], config: RecogniserConfig, origin: StoredSplit) -> str | None:
    """What to say where a checkpoint is judged by words that its last training had.

    They are told by their digest, whatever the data set is called now. Of what it started from there is no such record.

    Args:
        name: of the checkpoint.
        data: its record, see `htrmodel.checkpoint.contents.Checkpoint`.
        config: of its model, which decides what of the words it takes.
        origin: what it is judged by.

    Returns:
        A sentence; None where the words are others, or that is not known.

    Raises:
        UsageError: it can take none of the words.
        BadDataError: the manifest is damaged.
    """
    recorded = data.get(origin.split)
    if origin.split not in _TOLD or not isinstance(recorded, Mapping) or not recorded:
        return None
    samples = open_samples(origin, config.label_policy)
    if config.reads_lines:
        samples = writable(samples, config)
    if samples.digest not in recorded.values():
        return None
    return f"{name} {_TOLD[origin.split].format(f'{config.unit}s')}"
