"""Where the counts of a build differ from those that a source's data set is published with."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

from htrdata.building.counts import Tally
from htrdata.building.plan import Plan
from htrdata.records import Reason

# These are found when an image is opened; every other reason that is published is the source's own.
_FOUND_IN_IMAGES = frozenset({Reason.IMAGE_MISSING, Reason.HASH_MISMATCH, Reason.IMAGE_CORRUPT, Reason.SIZE_MISMATCH})


def compare(plan: Plan, tally: Tally) -> dict[str, dict[str, tuple[int, int]]]:
    """Compares the words, and those that the source or their images rule out, with the published counts.

    A reason that the source gives counts whether or not another one was tested before it: that a page is a duplicate
    or its image missing makes no difference here, and neither does what the build says of labels.

    Returns:
        For each split that differs, and what differs there (``words`` or a reason): the count here and the published.
    """
    given = _given_reasons(plan) if plan.source.published else Counter()
    differing: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for split, counts in plan.source.published.items():
        tallied = tally.splits.get(split)
        for what, published in counts.items():
            if what == "words":
                here = tallied.words if tallied is not None else 0
            elif what in _FOUND_IN_IMAGES:
                here = tallied.dropped[what] if tallied is not None else 0
            else:
                here = given[split, what]
            if here != published:
                differing[split][what] = (here, published)
    return dict(differing)


def expected_faults(plan: Plan) -> Counter[str]:
    """How many words, by reason, the published data set itself loses: all splits together."""
    expected: Counter[str] = Counter()
    for counts in plan.source.published.values():
        expected.update({what: count for what, count in counts.items() if what != "words"})
    return expected


def unexpected_gaps(plan: Plan, tally: Tally) -> dict[str, int]:
    """How many pages of each split are listed without annotations, where not all published words are there."""
    gaps = {}
    for split, missing in plan.unannotated.items():
        words = tally.splits[split].words if split in tally.splits else 0
        if plan.source.published.get(split, {}).get("words") != words:
            gaps[split] = missing
    return gaps


def difference_lines(differing: Mapping[str, Mapping[str, tuple[int, int]]]) -> list[str]:
    """What to say of the differences that `compare` has found: a line for each split."""
    lines = ["differs from the published data set (number here/published):"] if differing else []
    for split, counts in differing.items():
        cells = (f"{what} {here:,}/{published:,}" for what, (here, published) in counts.items())
        lines.append(f"  {split}: {', '.join(cells)}")
    return lines


def _given_reasons(plan: Plan) -> Counter[tuple[str | None, str]]:
    return Counter(
        (part.split, word.reason.value)
        for part in plan.parts
        for page in part.pages
        for word in page.words
        if word.reason is not None
    )
