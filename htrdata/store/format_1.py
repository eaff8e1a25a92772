"""Reads what the store's first format says, ``htrdata-store/1``, as the present one says it.

It had no ``division``, ``unit``, ``drawn``, ``corrections``, ``alignment``, ``report``, ``pixels_depend_on`` and
``digest``. How a data set was divided was to be told from title, name and settings of its source; checkpoints that were
trained on such stores hold these three.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from htrdata.errors import BadDataError
from htrdata.files.typed_json import decode, encode
from htrdata.records import DRAWN, Division, SourceInfo
from htrdata.store.description import Text
from htrdata.store.format import FORMAT_1

_DEAL_OUT = {"ratio": "random", "fold": "fold"}
# Settings of IAM that choose what is taken of a page, not which split the page is in; and the scheme itself.
_NOT_PARAMETERS = {"segmentation", "annotations", "pixels", "scheme", "split"}


_ADDED: dict[str, Any] = {
    "division": None,
    "unit": "word",
    "drawn": None,
    "corrections": None,
    "alignment": None,
    "report": None,
    "pixels_depend_on": [],
    "digest": None,
}
"""The fields that came with the present format, as they are to be read here; division and drawn are found out."""


@dataclass(frozen=True, slots=True)
class _Source:
    """What the conversion needs to know."""

    source: Text
    settings: Mapping[str, str]
    about: SourceInfo


def from_format_1(document: Mapping[str, Any], path: Path, remedy: str) -> dict[str, Any]:
    """Adds to a description of format 1 what it lacks in the present one.

    Raises:
        BadDataError: it is damaged.
    """
    damaged = f"{path} is damaged"
    if later := [name for name in _ADDED if name in document]:
        raise BadDataError(f"{damaged}: its format is {FORMAT_1!r}, and has no {later[0]!r}, which is there; {remedy}")
    document = _as_of_late(document)
    needed = {name: document[name] for name in ("source", "settings", "about") if name in document}
    known = decode(needed, _Source, damaged, remedy)
    division = division_of_1(known.about.title, known.source, known.settings)
    return {**document, **_ADDED, "division": encode(division), "drawn": drawn_of_1(known.source)}


def _as_of_late(document: Mapping[str, Any]) -> dict[str, Any]:
    """Fills in what the first of these stores lacked: there was no choice, or nothing to compare with, at the time."""
    whole = {"settings": {}, "differences": {}, **document}
    if isinstance(whole.get("options"), dict):
        whole["options"] = {"normalise": [], **whole["options"]}
    if isinstance(whole["settings"], dict):  # sources of strangers may have put numbers there
        whole["settings"] = {name: str(value) for name, value in whole["settings"].items()}
    return whole


def division_of_1(title: str, source: str, settings: Mapping[str, str]) -> Division:
    """The division that title, name and settings of a source tell of."""
    if drawn_of_1(source) is not None:
        return Division(drawn_corpus(title, settings))
    for key, scheme in _DEAL_OUT.items():
        if key in settings:
            return Division(
                title, scheme, {name: settings[name] for name in (key, "seed", "group") if name in settings}
            )
    scheme = settings.get("scheme") or settings.get("split") or source.partition("_")[2] or "published"
    parameters = {name: value for name, value in settings.items() if name not in _NOT_PARAMETERS}
    return Division(title, scheme, parameters)


def drawn_corpus(title: str, settings: Mapping[str, str]) -> str:
    """What to call the words that `htrdata synth` draws with some settings: others give other words.

    Their number does not: a larger data set begins, split by split, with the words of a smaller one.
    """
    return ", ".join([title, *(f"{name} {value}" for name, value in settings.items() if name != "words")])


def drawn_of_1(source: str) -> str | None:
    """What a source of that name had drawn; a name of ``htrdata synth`` may go on behind an underscore."""
    return DRAWN if source.split("_")[0] == "synth" else None
