"""Opens the words of a split for a training, or a sample of them, and says what of them a model cannot read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from htrdata.errors import UsageError
from htrdata.labels import Charset
from htrdata.records import Reason
from htrdata.records.counting import plural
from htrmodel.config import RecogniserConfig
from htrmodel.data.line_widths import writable
from htrmodel.data.origin import Origin
from htrmodel.data.samples import Samples, open_samples
from htrmodel.data.sampling import sampled
from htrmodel.data.units import check_unit, doubt_of_unit
from htrmodel.training.characters import OF_DATA

Say = Callable[[str], None]
"""Told what a person should know."""

_NAMED = 12  # characters


def open_words(origin: Origin, config: RecogniserConfig, say: Say) -> Samples:
    """The words of a split that a model can read.

    Args:
        origin: the split.
        config: of the model.
        say: told how many there are, what is left out, and why.

    Raises:
        UsageError: the split is of lines and the model of words, or no word is left.
        BadDataError: the data set is damaged.
    """
    check_unit(config, origin.name, origin.unit)
    if not config.reads_lines and (doubt := doubt_of_unit(origin)):
        say(doubt)
    policy = config.label_policy
    try:
        samples = open_samples(origin, policy)
    except UsageError as error:
        if Reason.OUT_OF_CHARSET not in str(error) or config.charset.name == OF_DATA:
            raise
        raise UsageError(f"{error}; --charset data lets it learn the characters of the train words") from error
    if config.reads_lines:
        samples = writable(samples, config)
    counts = ", ".join(f"{count:,} {reason}" for reason, count in samples.left_out.items())
    left_out = f"; left out, as the model cannot read them: {counts}" if counts else ""
    unit = origin.unit or config.unit
    say(f"{origin.name}: {plural(len(samples), f'{origin.split} {unit}')}{left_out}")
    if Reason.TOO_LONG in samples.left_out and policy.max_steps is not None:
        say(
            f"too_long: more than {policy.max_length} characters, or more than CTC can write in the {policy.max_steps} "
            "steps that this width gives, with one between two equal letters; --max-length and --width give more"
        )
    if origin.split == "train" and Reason.OUT_OF_CHARSET in samples.left_out and policy.charset is not None:
        lacking = _missing(samples, policy.charset, unit)
        say(
            f"out_of_charset: the charset {policy.charset.name} lacks {lacking}; --charset data teaches it all "
            f"characters of the train {unit}s, --charset FILE those of a file"
        )
    return samples


def _missing(samples: Samples, charset: Charset, unit: str) -> str:
    """The characters that words were left out for, with the number of these words, the most frequent ones first."""
    words = samples.left_out_words()
    found: Counter[str] = Counter()
    for text, reason in zip(words["text"].to_pylist(), words["reason"].to_pylist(), strict=True):
        if reason == Reason.OUT_OF_CHARSET:
            found.update(charset.missing(text))
    named = [f"{'space' if one == ' ' else one} ({plural(count, unit)})" for one, count in found.most_common(_NAMED)]
    return ", ".join(named) + (f" and {len(found) - _NAMED:,} more" if len(found) > _NAMED else "")


def sample(samples: Samples, config: RecogniserConfig, say: Say, count: int | None) -> Samples:
    """So many of the words, and says that they are a sample; all where there are no more, or none are asked for."""
    found = samples if count is None else sampled(samples, count)
    if found.whole is not None:
        unit = samples.origin.unit or config.unit
        hands = plural(len(set(found.hands())), "writer or page", "writers or pages")
        say(
            f"{samples.name}: each validation reads a sample of {found.counted} {unit}s, by {hands}, always the same: "
            "its figures are of that sample"
        )
    return found
