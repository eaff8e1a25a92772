"""Words or lines: whether a model can take what a data set holds, where that says so and where it does not."""

from __future__ import annotations

import pyarrow.compute as pc

from htrdata.errors import UsageError
from htrdata.records import Unit
from htrdata.store.format import FORMAT_1
from htrmodel.config import RecogniserConfig
from htrmodel.data.origin import Origin

FEW_SPACES = 0.05
"""Share of words whose labels have spaces, at most: of IAM's one in a thousand; of lines nearly all, of the cells of a
register still one in five."""


def check_unit(config: RecogniserConfig, name: str, unit: Unit | None, system: str = "this model") -> None:
    """Refuses lines for a model of words.

    Args:
        config: of the model.
        name: of the data set.
        unit: of its samples; None where that is not known.
        system: what to call the model.

    Raises:
        UsageError: they are lines, and it has inputs of one width.
    """
    if unit == "line" and not config.reads_lines:
        raise UsageError(
            f"{name} holds lines, and {system} reads words: take a model of lines (--checkpoint or --from starter-lines"
            "; `htrmodel finetune --lines --from starter-fast` makes one), or cut the lines into words (`htrmodel "
            "align`, then `htrdata xml --unit word --alignment FILE`)"
        )


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
