"""Puts what a system read beside the references of a split, and says which words it is not judged by, and why.

The words of a split are those in the store, and those that the store lacks for their label alone (``too_long``,
``out_of_charset``): a system that reads every character could have read them, so a filtered store does not hide them.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from htrdata.errors import BadDataError, UsageError
from htrdata.labels import LabelPolicy, normal_form
from htrdata.records import Reason
from htrdata.store.description import Description
from htrdata.store.manifest import KEPT
from htrdata.store.manifest_reader import ManifestReader
from htrdata.store.reading import Dataset
from htrmodel.judging.predictions import Predictions

OnMissing = Literal["error", "wrong"]

_FOR_THE_LABEL = (Reason.TOO_LONG, Reason.OUT_OF_CHARSET)
_COLUMNS = ["id", "split", "status", "reason", "text", "source_text", "page", "writer"]


@dataclass(frozen=True, slots=True)
class JudgedWord:
    """One word of a split: what it says, and what a system read.

    Attributes:
        id: of the word.
        page: the id of its page.
        cluster: what it is drawn with in resampling: ``writer …`` where the writer is known, else ``page …``.
        reference: what it says, in normal form.
        reading: what the system read, as it gave it; empty where it gave nothing.
        left_out: why the system, or the store, leaves the word out; None where it is read.
        leaked: whether its page, or its own image, also stands in train.
        confidence: of the system in its reading, where known.
    """

    id: str
    page: str
    cluster: str
    reference: str
    reading: str
    left_out: str | None = None
    leaked: bool = False
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Pairing:
    """The words of a split, and what is no part of the judgement.

    Attributes:
        words: in the order of the manifest.
        unanswered: ids of words that should have been read, but for which there is no reading.
        not_in_store: annotated words that nobody can be judged by, for want of an image or a label, by reason.
        elsewhere: how many readings are of words of other splits, or of words that are not in the store.
    """

    words: tuple[JudgedWord, ...]
    unanswered: tuple[str, ...]
    not_in_store: dict[str, int]
    elsewhere: int


def pair(dataset: Dataset, split: str, predictions: Predictions, missing: OnMissing = "error") -> Pairing:
    """Finds the reading of every word of a split.

    Args:
        dataset: of a store.
        split: of the data set.
        predictions: what the system read.
        missing: whether a word that has no reading and is not left out is an error, or counts as read as nothing.

    Raises:
        UsageError: the data set has no such split.
        BadDataError: a reading is of no word of the data set, by its name of none of that split, or (unless they count
            as wrong) words have no reading.
    """
    rows, unit = _rows(dataset), dataset.description.unit
    of_split = [row for row in rows if row["split"] == split]
    if not of_split:
        known = ", ".join(dict.fromkeys(row["split"] for row in rows if row["split"] is not None)) or "none"
        raise UsageError(f"{dataset.name} in {dataset.store} has no {unit}s in split {split!r}: its splits are {known}")
    leaked = also_in_train(dataset.description, split)
    judged = [row for row in of_split if row["status"] == KEPT or row["reason"] in _FOR_THE_LABEL]
    named = predictions.by_name
    predictions, of_others, foreign = predictions.of_split(dataset.name, split)
    given = {*predictions.texts, *predictions.left_out}
    elsewhere = given - {row["id"] for row in judged}
    nowhere = elsewhere - {row["id"] for row in (of_split if named else rows)}
    nowhere |= {word_id for _, word_id in of_others - {(row["split"], row["id"]) for row in rows}}
    if nowhere:
        raise BadDataError(
            f"{len(nowhere):,} of {len(given) + len(of_others):,} ids of the predictions are of no {unit} in "
            f"{dataset.name}: {_some(nowhere)}; are they predictions for another data set, or was an id rewritten?"
        )
    words = tuple(_judged_word(row, predictions, leaked) for row in judged)
    unanswered = tuple(word.id for word in words if not word.left_out and word.id not in predictions.texts)
    if unanswered and missing == "error":
        raise BadDataError(
            f"{len(unanswered):,} of {len(words):,} {split} {unit}s of {dataset.name} have no prediction: "
            f"{_some(unanswered)}; give each {unit} a text, an empty one too, or say why it is left_out"
        )
    lost = Counter(row["reason"] for row in of_split if row["status"] != KEPT and row["reason"] not in _FOR_THE_LABEL)
    not_in_store = {str(reason): lost[reason] for reason in Reason if lost[reason]}
    return Pairing(words, unanswered, not_in_store, len(elsewhere) + len(of_others) + foreign)


def outside(dataset: Dataset, split: str, policy: LabelPolicy) -> dict[str, str]:
    """The words of a split that a system of that charset and length leaves out, by id, each with the reason."""
    kept = (row for row in _rows(dataset) if row["split"] == split and row["status"] == KEPT)
    reasons = {row["id"]: policy.apply(row["text"]).reason for row in kept}
    return {word_id: str(reason) for word_id, reason in reasons.items() if reason is not None}


def also_in_train(about: Description, split: str) -> tuple[frozenset[str], frozenset[str]]:
    """The pages of a split that also stand in train, under their own id or as a copy, and such words.

    Words are told where each has an image of its own: what is compared there are not pages.

    Args:
        about: the data set. Its ``leaks`` are of what there was before ``dedup`` took from train what also stands
            elsewhere: after it there are none.
        split: whose pages and words are asked for; those of train themselves are none.
    """
    if split == "train" or about.options.dedup:
        return frozenset(), frozenset()
    by_id = {page for page, splits in about.leaks.ids.items() if "train" in splits and split in splits}
    pages, words = (
        {
            name
            for group in groups
            if any(place == "train" for place, _ in group)
            for place, name in group
            if place == split
        }
        for groups in (about.leaks.copies, about.leaks.words)
    )
    return frozenset(by_id | pages), frozenset(words)


def writers_also_in_train(about: Description, split: str) -> frozenset[str]:
    """Who has also written words of train, as `JudgedWord.cluster` has them: what is held out is not their hand."""
    writers = about.leaks.writers.items() if split != "train" else ()
    return frozenset(f"writer {writer}" for writer, splits in writers if "train" in splits and split in splits)


def references_digest(words: Iterable[JudgedWord]) -> str:
    """SHA-256, in hex, over ids and references, whatever their order: equal where the same texts are judged by."""
    lines = sorted(json.dumps([word.id, word.reference]) for word in words)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _rows(dataset: Dataset) -> list[dict[str, Any]]:
    """The rows of the manifest; what a row lacks is None."""
    batches = ManifestReader(dataset.manifest_path).batches(_COLUMNS)
    return [row for _, batch in batches for row in batch.to_pylist()]


def _judged_word(
    row: dict[str, Any], predictions: Predictions, leaked: tuple[frozenset[str], frozenset[str]]
) -> JudgedWord:
    word_id, page, writer = row["id"], row["page"], row["writer"]
    kept = row["status"] == KEPT
    return JudgedWord(
        id=word_id,
        page=page,
        cluster=f"page {page}" if writer is None else f"writer {writer}",
        reference=normal_form(row["text"] if kept else row["source_text"]),
        reading=predictions.texts.get(word_id, ""),
        left_out=predictions.left_out.get(word_id, None if kept else row["reason"]),
        leaked=page in leaked[0] or word_id in leaked[1],
        confidence=predictions.confidences.get(word_id),
    )


def _some(ids: Iterable[str]) -> str:
    """A few of the ids, for a message."""
    listed = sorted(ids)
    return ", ".join(map(repr, listed[:5])) + (", …" if len(listed) > 5 else "")
