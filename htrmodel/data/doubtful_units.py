"""Data sets that do not say whether they hold words or lines, in the hands of a model of words."""

from __future__ import annotations

import pyarrow.compute as pc

from htrdata.store.format import FORMAT_1
from htrmodel.data.origin import Origin

FEW_SPACES = 0.05
"""Share of words whose labels have spaces, at most: of IAM's one in a thousand; of lines nearly all, of the cells of a
register still one in five."""


def doubt_of_unit(origin: Origin) -> str | None:
    """What to say to whoever reads words, or learns to, where these may be lines.

    Args:
        origin: where it does not say what it holds, its first labels are looked at.

    Returns:
        A sentence, where too many labels have spaces; else None.

    Raises:
        BadDataError: the manifest or a shard is damaged.
    """
    chunk = None if origin.tells_unit else next(origin.chunks(), None)
    if chunk is None or not len(chunk.texts):
        return None
    share = float(pc.mean(pc.match_substring_regex(chunk.texts, r"\S\s+\S").cast("float64")).as_py())
    if share <= FEW_SPACES:
        return None
    form = "shards without a manifest do" if origin.unit is None else f"a data set of {FORMAT_1} does"
    return (
        f"{share:.0%} of the labels of {origin.name} have spaces, and {form} not say whether they are of words or of "
        "lines: from lines a model of words reads and learns nothing of use; take a model of lines (--checkpoint or "
        "--from starter-lines), or cut them into words"
    )
