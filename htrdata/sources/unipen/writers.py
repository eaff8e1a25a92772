"""Who wrote: writers, and the split that each of them is in."""

from __future__ import annotations

import hashlib
import re

from htrdata.records import SPLITS

RULE = "1"
"""Which rule deals writers out to splits. Models are judged by those it holds out: it must not change."""

SHARES = (0.9, 0.05, 0.05)
"""Shares of the writers that are train, val and test."""

_SESSION = re.compile(r"[_.]\d{1,3}$")


def person(contributor: str, writer: str) -> str:
    """The name under which a writer's split is drawn.

    A ``.WRITER_ID`` as it is, but in lower case and without the number of a session at its end (``Ann_1``, ``Ann_2``);
    of the contributor sie two letters, as the release itself names its writers where earlier ids had further letters
    and numbers. The contributor is no part of it: those of one laboratory share writers, and one that stands under
    several must be in one split. Where no id is known it is the contributor's three letters, so that unknown writers
    of a contributor stay together.
    """
    name = _SESSION.sub("", writer.strip().lower())
    if contributor == "sie":
        name = name[:2]
    return name or contributor


def split_of(name: str) -> str:
    """The split of a person, by a hash of the name alone: what else is in a release does not matter.

    Args:
        name: as `person` gives it.

    Returns:
        ``train``, ``val`` or ``test``.
    """
    place = int(hashlib.sha256(f"unipen {RULE} {name}".encode()).hexdigest()[:12], 16) / 16**12
    for split, share in zip(reversed(SPLITS), reversed(SHARES), strict=True):
        if place < share:
            return split
        place -= share
    return "train"


def pseudonym(contributor: str, writer: str) -> str:
    """What a writer is called in a data set: the terms of UNIPEN ask not to name writers, and many ids are names.

    Args:
        contributor: three letters.
        writer: the ``.WRITER_ID``; empty where it is not known.

    Returns:
        The contributor, and the first eight digits of a SHA-256 over both where the id is known.
    """
    digest = hashlib.sha256(f"unipen writer {contributor} {writer}".encode()).hexdigest()
    return f"{contributor}/{digest[:8]}" if writer else contributor


def file_pseudonym(name: str) -> str:
    """What a file of segments is called in the ids of its words, as the names of many are those of writers.

    Args:
        name: below the release, such as ``data/7/CON/X.dat``.

    Returns:
        The category, the contributor and the first eight digits of the SHA-256 of the name.
    """
    _, category, contributor, *_ = name.split("/")
    return f"{category}-{contributor}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
