"""What a strict build refuses: faults of the data on disk, and other counts than the published ones."""

from __future__ import annotations

from htrdata.building.counts import Tally
from htrdata.building.plan import Plan
from htrdata.building.published_counts import compare, difference_lines, expected_faults, unexpected_gaps
from htrdata.errors import BadDataError
from htrdata.records import Reason
from htrdata.records.counting import plural

FAULTS = frozenset(
    {
        Reason.INVALID_ID,
        Reason.DUPLICATE_ID,
        Reason.IMAGE_MISSING,
        Reason.HASH_MISMATCH,
        Reason.IMAGE_CORRUPT,
        Reason.SIZE_MISMATCH,
        Reason.INVALID_BOX,
        Reason.INVALID_LABEL,
    }
)
"""Reasons that are faults of the data on disk; a strict build refuses them."""


def refuse_faults(plan: Plan, tally: Tally) -> None:
    """Refuses data with faults beyond those of the published data set, or with counts that differ from its own.

    Raises:
        BadDataError: there are some; the message names all kinds with their counts.
    """
    beyond = tally.total.dropped - expected_faults(plan)
    found = [f"{reason} {plural(beyond[reason], 'word')}" for reason in Reason if reason in FAULTS and beyond[reason]]
    found += [
        f"pages of {split} without annotations {count:,}" for split, count in unexpected_gaps(plan, tally).items()
    ]
    differing = difference_lines(compare(plan, tally))
    if differing:
        found.append(" ".join(line.strip() for line in differing))
    if found:
        raise BadDataError(
            f"the data have faults, and the build is strict: {'; '.join(found)}. Nothing was published; mend the data, "
            "or run without --strict: finished parts are kept"
        )
