"""The box of a line from its polygon and its baseline."""

from __future__ import annotations

import math

from htrdata.images.exact_sampling import turn
from htrdata.records import Box
from htrdata.sources.xml.written import Points

LEAST_TURN = 0.3
"""Degrees: a line that rises by less is cut out level, pixel by pixel as they are."""


def angle_of(baseline: Points) -> float:
    """By how much a baseline rises: that of the straight line nearest to its points.

    Args:
        baseline: its points, in either direction.

    Returns:
        Degrees counter-clockwise, as seen, between -90 and 90; 0.0 for less than two points or less than `LEAST_TURN`.
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
    return angle if abs(angle) >= LEAST_TURN else 0.0


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
