"""What an evaluation comes to, in sentences that anyone understands."""

from __future__ import annotations

import math

from htrmodel.judging.html_report.breakdown import WordGroup
from htrmodel.judging.judgement import Judgement

MUCH = 0.35
"""The share of wrong words from which on they are counted in tens, and a system is of little use."""


def one_in(share: float, things: str = "words") -> str:
    """A share of things that are wrong, as people say it: ``about one word in 16``."""
    one = things.removesuffix("s")
    if math.isnan(share):
        return f"nobody knows how many {things}"
    if share == 0:
        return f"no {one}"
    if share > 0.95:
        return f"nearly every {one}"
    if share >= MUCH:
        return f"about {round(10 * share)} {things} in 10"
    return f"about one {one} in {max(3, round(1 / share)):,}"


def lead(judgement: Judgement, worst: list[WordGroup]) -> str:
    """How much is wrong, on whom it is worst, and how much of it is capitals alone."""
    things = f"{judgement.setting.samples}s"
    figures = judgement.find(left_out="omitted")
    if not figures.words:
        return f"It can spell none of these {len(judgement.words):,} {things}: what it lacks stands below."
    share = figures.metrics["wer"].value
    said = one_in(share, things)
    said = (
        f"{said[0].upper()}{said[1:]} {'is' if said.startswith(('about one', 'no', 'nearly')) else 'are'} read wrongly"
    )
    if worst:
        where = " and ".join(part.name for part in worst[:2])
        said += f"; of {where} {one_in(worst[0].wer, things)}"
    said += "."
    if "insensitive" in judgement.cases and judgement.cases[0] == "sensitive" and share:
        plain = judgement.find(case="insensitive", left_out="omitted").metrics["wer"].value
        if plain < 0.97 * share:
            said += f" Without regard to capitals it is {one_in(plain, things)}."
    if left_out := sum(judgement.left_out.values()):
        said += f" Another {left_out:,} it cannot spell, and leaves out."
    return said
