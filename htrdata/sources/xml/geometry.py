"""The box of a line from its polygon and its baseline."""

from __future__ import annotations

import math
import unicodedata

from htrdata.images.exact_sampling import turn
from htrdata.records import Box
from htrdata.sources.xml.written import Points

LEAST_TURN = 0.3
"""Degrees: a line that rises by less is cut out level, pixel by pixel as they are."""


def angle_of(baseline: Points, characters: str = "") -> float:
    """How a line is turned: its baseline runs as it is read, as kraken, Transkribus and Loghi take it.

    The angle is that of the straight line nearest to the points, and its direction that from the first to the last of
    them: a page that was scanned upside down has baselines from right to left, a line along the edge of a page one from
    top to bottom or from bottom to top.

    Args:
        baseline: its points.
        characters: what stands there, or may stand there. Of scripts that are written from right to left tools differ
            in where a baseline begins: of these none is taken to be upside down.

    Returns:
        Degrees counter-clockwise, as seen, above -180 and up to 180; 0.0 for less than two points, or if it rises by
        less than `LEAST_TURN`.
    """
    count = len(baseline)
    if count < 2:
        return 0.0
    mean_x, mean_y = (sum(values) / count for values in zip(*baseline, strict=True))
    xx = sum((x - mean_x) ** 2 for x, _ in baseline)
    xy = sum((x - mean_x) * (y - mean_y) for x, y in baseline)
    yy = sum((y - mean_y) ** 2 for _, y in baseline)
    # The main axis of the points; y runs downwards. The last bits of a system's arc tangent are its own.
    angle = round(-math.degrees(math.atan2(2 * xy, xx - yy) / 2), 3)
    angle = angle if abs(angle) >= LEAST_TURN else 0.0
    (first_x, first_y), (last_x, last_y) = baseline[0], baseline[-1]
    cosine, sine = turn(angle)
    leads_back = (last_x - first_x) * cosine - (last_y - first_y) * sine < 0
    if not leads_back or runs_leftwards(characters):
        return angle
    return angle - 180 if angle > 0 else angle + 180


def runs_leftwards(text: str) -> bool:
    """Whether a text is in a script that is written from right to left, by most of its letters (Unicode's annex 9)."""
    kinds = [unicodedata.bidirectional(character) for character in text]
    return kinds.count("R") + kinds.count("AL") > kinds.count("L")


def is_near(line: Box, word: Box) -> bool:
    """Whether the middle of a word lies in a line, or no further from it than the line is high."""
    cosine, sine = turn(line.angle)
    x, y = word.xc - line.xc, word.yc - line.yc
    along, across = x * cosine - y * sine, x * sine + y * cosine
    return abs(along) <= line.w / 2 + line.h and abs(across) <= 1.5 * line.h


def box_around(points: Points, angle: float) -> Box:
    """The smallest box of an angle that holds all points.

    Args:
        points: at least one.
        angle: of the box, in degrees counter-clockwise.
    """
    cosine, sine = turn(angle)
    along = [x * cosine - y * sine for x, y in points]
    across = [x * sine + y * cosine for x, y in points]
    u, v = (min(along) + max(along)) / 2, (min(across) + max(across)) / 2
    return Box(
        xc=u * cosine + v * sine,
        yc=v * cosine - u * sine,
        w=max(along) - min(along),
        h=max(across) - min(across),
        angle=angle,
    )
