"""Reads the weights of other programs: ``.pth`` files of clova's benchmark, of AttentionHTR, and what is like them."""

from __future__ import annotations

from pathlib import Path

from htrdata.errors import BadDataError, UsageError
from htrmodel.checkpoint.clova import infer_config
from htrmodel.checkpoint.opt_file import NAME, OptFile
from htrmodel.checkpoint.pickled import read_pickled
from htrmodel.checkpoint.settings import Settings
from htrmodel.checkpoint.state_dict import find_weights
from htrmodel.checkpoint.stored_tensor import StoredTensor
from htrmodel.config import RecogniserConfig


def read_foreign(path: Path, given: Settings) -> tuple[RecogniserConfig, dict[str, StoredTensor], str]:
    """Reads what a file tells, and the ``opt.txt`` beside it.

    Args:
        path: a regular file.
        given: settings that somebody names; they count more than ``opt.txt``.

    Returns:
        What the weights belong to; the weights, not yet in memory; and what of the former was assumed: a sentence, or
        empty.

    Raises:
        BadDataError: the file is damaged, holds no weights of the four-stage family, or more than weights; or
            ``opt.txt`` is of other weights.
        UsageError: the charset cannot be told, or what is given does not fit.
        OSError: it cannot be read.
    """
    content = path.read_bytes()
    weights = find_weights(read_pickled(content, path), path, len(content))
    beside = path.with_name(NAME)
    options = OptFile(beside) if beside.is_file() and not given.complete else None
    known = given if options is None else given.over(options.settings)
    try:
        config, assumed = infer_config(weights, known)
    except (BadDataError, UsageError) as error:
        raise type(error)(f"{path}: {error}") from error
    if options is not None:
        options.check(config)
    if assumed:
        assumed = (
            f"{path} does not say all of its settings; assumed: {assumed}; an {NAME} beside it, or the options for "
            "charset, height, width, padding and length, say otherwise"
        )
    return config, weights, assumed
