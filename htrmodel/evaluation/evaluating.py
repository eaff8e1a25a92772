"""Judges what recognisers, or the vote of several, read of a split; torch is imported where one of them needs it."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from htrdata.errors import UsageError
from htrdata.store.reading import Dataset
from htrmodel import starter
from htrmodel.data.divisions import check_trained, divided, trained_on
from htrmodel.data.known_words import known_words
from htrmodel.data.origins import StoredSplit
from htrmodel.data.units import check_unit, doubt_of_unit
from htrmodel.evaluation.ensembles import vote
from htrmodel.evaluation.graph_reading import read_split_by_graph
from htrmodel.evaluation.helping import aids, helped
from htrmodel.judging.judgement import Judgement
from htrmodel.judging.judging import check_resamples, judge
from htrmodel.judging.predictions import Predictions
from htrmodel.judging.protocol import RESAMPLES
from htrmodel.judging.which_split import Data, which_split
from htrmodel.reader import WordReader
from htrmodel.runtime.exported import ExportedRecogniser
from htrmodel.runtime.predicting import load_reader

if TYPE_CHECKING:
    from htrmodel.language.knowledge import Knowledge
    from htrmodel.language.reading import LanguageReader
    from htrmodel.recogniser import Recogniser
    from htrmodel.voting import VotingReader

Member: TypeAlias = "Recogniser | ExportedRecogniser"
"""What can be evaluated, once it is loaded."""


def evaluate(
    recogniser: Member | Path | str | Sequence[Member | Path | str] = starter.DEFAULT,
    data: Data = "lmdb",
    *,
    name: str | None = None,
    split: str | None = None,
    device: str = "auto",
    runtime: str | None = None,
    batch_size: int = 192,
    resamples: int = RESAMPLES,
    knowledge: Knowledge | None = None,
    tta: bool = False,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    say: Callable[[str], object] = warnings.warn,
) -> Judgement:
    """Judges what a recogniser, or the vote of several, reads of a split; see `htrmodel.judging.judging.judge`.

    Args:
        recogniser: a checkpoint, an ``.onnx``, the name of a starter, or one that is loaded; several are an ensemble.
        data: the words of a split, a data set, a store, or its path.
        name: of the data set in a store; None for the only one.
        split: of the data set; None for that of the words, or for ``test``.
        device: where torch reads, see `htrmodel.devices.find_device`; what is loaded stays where it is.
        runtime: what reads an ``.onnx``: ``onnxruntime``, the default, or ``openvino``.
        batch_size: how many words are read at once.
        resamples: of the bootstrap for the 95 % intervals.
        knowledge: of the language, to read with; None to read what is there. The judgement says so, and its signatures.
        tta: whether each image is read in several variants, see `htrmodel.voting`. Likewise.
        workers: processes that decode words for torch; None for as many as pay, one per usable core at most.
        progress: told, for one recogniser after the other, how many words are read, and how many there are.
        say: told in a sentence where a model of words reads what may be lines, or one was trained on these words or
            chosen by them.

    Raises:
        UsageError: the split has no words; the recognisers have different charsets; one is in training mode; one was
            trained on another split of the same data, and may know these words; or there is knowledge, or `tta`, for an
            ``.onnx``.
        HtrError: as `htrmodel.runtime.predicting.load_reader`, `htrmodel.judging.which_split.which_split` and
            `htrmodel.judging.judging.judge` do.
    """
    check_resamples(resamples)
    dataset, chosen = which_split(data, name, split)
    dataset.words(chosen)  # raises where there are none
    given = [recogniser] if isinstance(recogniser, WordReader | str | os.PathLike) else list(recogniser)
    members = [one if isinstance(one, WordReader) else load_reader(one, device, runtime) for one in given]
    check_members(members, dataset)
    if any(not one.config.reads_lines for one in members) and (doubt := doubt_of_unit(StoredSplit(dataset, chosen))):
        say(doubt)
    for one in members:
        if known := known_words(one.name, one.data, one.config, dataset, chosen):
            say(known)
    help_of = aids(knowledge, tta)
    readers = [one if help_of is None else helped(one, knowledge, tta) for one in members]
    readings = [_read(one, dataset, chosen, batch_size, workers, progress) for one in readers]
    return judge(
        readings[0] if len(readings) == 1 else vote(readings),
        dataset,
        split=chosen,
        system=" + ".join(one.name for one in members),
        charset=members[0].config.charset,
        max_length=max(one.config.max_length for one in members),
        aids=help_of,
        resamples=resamples,
    )


def check_members(members: Sequence[Member], dataset: Dataset) -> None:
    """Makes sure that recognisers can be judged by a data set, and can vote together.

    Raises:
        UsageError: there is none; one is in training mode, reads words where these are lines, or was trained on another
            split of the same data; or they have different charsets.
        BadDataError: the record of what one was trained on cannot be read.
    """
    if not members:
        raise UsageError("there is no recogniser to evaluate: give one, or several as an ensemble")
    for one in members:
        if not isinstance(one, ExportedRecogniser):
            one.check_reads()
        check_unit(one.config, dataset.name, dataset.description.unit, one.name)
        check_trained(one.name, trained_on(one.name, one.data), divided(dataset))
    if any(one.config.charset != members[0].config.charset for one in members):
        names = ", ".join(one.name for one in members)
        raise UsageError(f"{names} have different charsets: they cannot vote together")


def _read(
    reader: Member | LanguageReader | VotingReader,
    dataset: Dataset,
    split: str,
    batch_size: int,
    workers: int | None,
    progress: Callable[[int, int], None] | None,
) -> Predictions:
    if isinstance(reader, ExportedRecogniser):
        return read_split_by_graph(reader, dataset, split, batch_size=batch_size, progress=progress)
    from htrmodel.evaluation.reading import read_split

    return read_split(reader, dataset, split, batch_size=batch_size, workers=workers, progress=progress)
