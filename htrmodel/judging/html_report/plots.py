"""Diagrams as SVG, for light and dark pages: lines and letters have the colour of the text around them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from htrmodel.judging.html_report.sureness import Sureness

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_INK = "#010203"  # stands for the colour of the text until the SVG is written
_ACCENT = "#1d7fbf"
_STYLE: dict[str, object] = {
    **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), _INK),
    **dict.fromkeys(("axes.spines.top", "axes.spines.right"), False),
    "font.family": "sans-serif",
    "svg.fonttype": "none",
}


class Plot:
    """A diagram that is being drawn: its axes, and the SVG once it is done."""

    def __init__(self, axes: Axes) -> None:
        self.axes = axes
        self.svg = ""


@contextmanager
def plot(name: str, width: float = 5.6, height: float = 3.6) -> Iterator[Plot]:
    """Draws a diagram: its axes are there within the context, its SVG after it.

    Args:
        name: tells the ids within the SVG from those of other diagrams.
        width: inches.
        height: inches.
    """
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context():
        for key, value in (*_STYLE.items(), ("svg.hashsalt", name)):
            matplotlib.rcParams[key] = value  # type: ignore[index,unused-ignore]
        figure = Figure(figsize=(width, height), layout="constrained")
        drawn = Plot(figure.add_subplot())
        drawn.axes.set_facecolor("none")
        drawn.axes.grid(color=_INK, alpha=0.12)
        yield drawn
        written = io.StringIO()
        figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    text = written.getvalue()
    # Several stand in one page: names of groups, to which nothing refers, would be there twice.
    text = re.sub(r'<g id="[^"]*"', "<g", text[text.index("<svg") :])
    drawn.svg = text.replace(_INK, "currentColor").replace("<svg", '<svg aria-hidden="true"', 1)


def reliability(found: Sureness, things: str) -> str:
    """How often words of a confidence are right, beside how often they should be; as SVG."""
    with plot("reliability") as drawn:
        rows = [row for row in found.reliability.rows if row[0]]
        drawn.axes.plot([0, 100], [0, 100], color=_INK, linestyle="--", linewidth=1, label="as sure as right")
        sizes = [20 + 380 * number / found.words for number, _, _ in rows]
        places = [100 * mean for _, mean, _ in rows], [100 * right for _, _, right in rows]
        drawn.axes.plot(*places, color=_ACCENT, linewidth=1.5)
        drawn.axes.scatter(*places, s=sizes, color=_ACCENT, alpha=0.75, label=f"{things} (large: many)")
        drawn.axes.set(xlabel="confidence, %", ylabel=f"{things} that are right, %", xlim=(-3, 103), ylim=(-5, 105))
        drawn.axes.legend(frameon=False, loc="upper left", labelcolor=_INK, markerscale=0.5)
    return drawn.svg


def threshold_curve(found: Sureness, things: str) -> str:
    """What share of words is wrong among those taken as read, over what share is left to a person; as SVG."""
    with plot("threshold") as drawn:
        drawn.axes.plot(100 * found.left, 100 * found.wrong, color=_ACCENT, linewidth=2)
        drawn.axes.fill_between(100 * found.left, 100 * found.wrong, color=_ACCENT, alpha=0.15)
        drawn.axes.set(xlabel=f"{things} left to a person, %", ylabel="wrong among the others, %", xlim=(0, 100))
        drawn.axes.set_ylim(bottom=0)
    return drawn.svg
