"""UNIPEN's published files: every word of category 7 is there, with its ink or a reason, and components count right."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from htrdata.records import SPLITS, Reason
from htrdata.sources.unipen import Release, Segment, read_release, read_segments
from htrdata.sources.unipen.components import assemble
from htrdata.sources.unipen.delineation import parse_delineation
from htrdata.sources.unipen.writers import person, split_of

# The words and files of each contributor in category 7, as the release's own CDROM-README counts them.
PUBLISHED = {
    "abm": (646, 4), "anj": (1435, 6), "apc": (1798, 444), "apd": (2448, 507), "ape": (1848, 322), "art": (933, 6),
    "att": (2253, 29), "cea": (345, 6), "ceb": (129, 4), "cec": (5625, 35), "cee": (3978, 29), "dar": (316, 2),
    "hpb": (2292, 7), "hpp": (10820, 32), "huj": (104, 1), "ibm": (1196, 9), "imp": (1119, 22), "imt": (242, 1),
    "int": (2012, 4), "kai": (1663, 28), "kar": (1860, 33), "lav": (213, 5), "lex": (7235, 13), "lou": (1599, 7),
    "nic": (6813, 66), "not": (1452, 8), "pap": (2213, 41), "par": (512, 8), "pcl": (616, 21), "phi": (2506, 12),
    "pri": (110, 3), "rim": (277, 21), "sie": (1593, 1593), "sta": (16415, 61), "ugi": (597, 3),
}  # fmt: skip


@pytest.fixture(scope="module")
def release(shared: Path) -> Release:
    if not (shared / "unipen").is_dir():
        pytest.skip(f"no {shared / 'unipen'}: UNIPEN's files are not part of the project")
    return read_release(shared / "unipen", 7)


@pytest.fixture(scope="module")
def words(release: Release) -> list[Segment]:
    return list(read_segments(release, "WORD"))


def test_every_word_is_there(words: list[Segment]) -> None:
    assert len(words) == 85_213
    files = defaultdict(set)
    for word in words:
        files[word.contributor].add(word.file)
    counts = Counter(word.contributor for word in words)
    assert {name: (counts[name], len(files[name])) for name in counts} == PUBLISHED
    assert len({word.id for word in words}) == len(words)
    assert Counter(word.quality for word in words) == {"OK": 45_650, "GOOD": 1_612, "?": 37_149, "BAD": 802}


def test_every_word_without_a_reason_has_ink(words: list[Segment]) -> None:
    reasons = Counter(word.reason for word in words if word.reason)
    # The copy at hand lacks one file of att; nothing else is without ink. 24 labels are none.
    assert reasons == {Reason.IMAGE_MISSING: 1_040, Reason.BAD_QUALITY: 802, Reason.MISALIGNED: 24}
    assert all(word.ink is not None for word in words if word.reason is None)
    assert {word.file for word in words if word.reason is Reason.IMAGE_MISSING} == {"data/7/att/att0/41412304.dat"}


def test_no_word_takes_in_what_was_withheld(release: Release) -> None:
    """The proof of how components are counted.

    The words of the official test sets are withheld: each of their components has one point at the origin in place of
    its own. Counted one off, ink and such components would meet in one segment.
    """
    mixed: Counter[str] = Counter()
    withheld: Counter[str] = Counter()
    for name in release.data:
        found = assemble(name, release)
        components = found.components
        places = components.begins[:-1]
        nothing = np.add.reduceat(np.abs(components.x) + np.abs(components.y), places) == 0 if len(places) else places
        contributor = name.split("/")[2]
        withheld[contributor] += int(nothing.sum())
        for statement, _ in found.segments:
            for span in parse_delineation(statement.argument.split()[1], name):
                if span.last < len(components):
                    part = slice(span.first, span.last + 1)
                    mixed[contributor] += bool((nothing[part] & components.down[part]).any())
    assert mixed.total() == 0
    # Of these none is withheld; their components are all of words, and all have points.
    assert {name for name in PUBLISHED if not withheld[name]} == {"apc", "apd", "ape", "sie"}


def test_writers_and_their_splits(words: list[Segment]) -> None:
    writers = {(word.contributor, word.writer) for word in words}
    assert len(writers) == 446
    shares = Counter(split_of(person(word.contributor, word.writer)) for word in words)
    assert [shares[split] for split in SPLITS] == [77_785, 3_713, 3_715]
    people = {person(contributor, writer) for contributor, writer in writers}
    assert Counter(split_of(name) for name in people) == {"train": 393, "val": 21, "test": 22}
