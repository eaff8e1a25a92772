"""The learning curves of a run as a picture: losses above, error rates below, over steps."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image, ImageDraw, ImageFont

from htrdata.files.writing import write_atomically
from htrmodel.judging.html_report.plots import plot
from htrmodel.training.run_folder import WHOLE
from htrmodel.training.run_log import read_log

_SCALE = 2  # drawn larger, then reduced: smooth lines
_SIZE = (1000, 760)
_LEFT, _RIGHT, _GAP = 70, 180, 50
_COLOURS = ("#888888", "#1f6fb4", "#d1495b", "#3a9d5d", "#8a5fbf", "#c98a1b", "#20908d", "#7a4a2b")
LOG = "log.jsonl"
_NAMED = 18  # characters of a name beside a panel
_DARK, _PALE = "#333333", "#e3e3e3"


class Curve(NamedTuple):
    """A line: its name and its points (step, value)."""

    name: str
    points: list[tuple[int, float]]


def write_curves(records: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Draws the log of a run.

    Args:
        records: the lines of ``log.jsonl``.
        path: the PNG, 1000 x 760 pixels.

    Raises:
        CannotCreateError: the file cannot be created.
        StorageError: writing failed.
    """
    canvas = Image.new("RGB", (_SIZE[0] * _SCALE, _SIZE[1] * _SCALE), "white")
    draw = ImageDraw.Draw(canvas)
    last = max([record["step"] for record in records], default=0) or 1
    half = _SIZE[1] // 2
    best = _best(records)
    _panel(draw, (_GAP, half - _GAP), "loss per character, over steps", _losses(records), last, best)
    _panel(draw, (half + _GAP // 2, _SIZE[1] - _GAP), "CER in %, over steps", _errors(records), last, best)
    content = io.BytesIO()
    canvas.reduce(_SCALE).save(content, "PNG")
    write_atomically(path, content.getvalue())


def curves_beside(checkpoints: Sequence[Path]) -> dict[str, str]:
    """The learning curves of the checkpoints that lie in folders of runs, as SVG by the names of these.

    Raises:
        BadDataError: a log is damaged.
    """
    folders = dict.fromkeys(one.parent for one in checkpoints if (one.parent / LOG).is_file())
    logs = {str(folder): read_log(folder / LOG) or [] for folder in folders}
    return {folder: curves_svg(records) for folder, records in logs.items() if any("val" in one for one in records)}


def curves_svg(records: Sequence[Mapping[str, Any]]) -> str:
    """Draws the error rates of a run over its steps as SVG, and marks the checkpoint that was chosen.

    Args:
        records: the lines of ``log.jsonl``.
    """
    best = _best(records)
    with plot("curves", 7.2, 3.8) as drawn:
        curves = _errors(records)
        for number, curve in enumerate(curves):
            drawn.axes.plot(*zip(*curve.points, strict=True), color=_COLOURS[number % len(_COLOURS)], label=curve.name)
        if best is not None:
            chosen = f"chosen: step {best.step:,}"
            drawn.axes.axvline(best.step, color="#d1495b", linestyle=":", linewidth=1.5, label=chosen)
        values = sorted(value for curve in curves for _, value in curve.points)
        drawn.axes.set(xlabel="steps", ylabel="CER, %")
        drawn.axes.set_ylim(0, max(1.05 * min(values[-1], 1.5 * values[int(0.95 * (len(values) - 1))]), 1e-3))
        drawn.axes.legend(frameon=False)
    return drawn.svg


class Best(NamedTuple):
    """The best validation so far: its step, and what it was chosen by."""

    step: int
    select: str


def _best(records: Sequence[Mapping[str, Any]]) -> Best | None:
    found = [Best(record["step"], record.get("select", "loss")) for record in records if record.get("best")]
    return found[-1] if found else None


def _losses(records: Sequence[Mapping[str, Any]]) -> list[Curve]:
    training = Curve("training", [(record["step"], record["loss"]) for record in records if "loss" in record])
    return [training, *_validations(records, "loss", 1)]


def _errors(records: Sequence[Mapping[str, Any]]) -> list[Curve]:
    training = Curve("training", [(one["step"], 100 * one["train"]["cer"]) for one in records if "val" in one])
    return [training, *_validations(records, "cer", 100)]


def _validations(records: Sequence[Mapping[str, Any]], figure: str, factor: float) -> Iterator[Curve]:
    validations = [record for record in records if "val" in record]
    for name in validations[-1]["val"] if validations else ():
        sample = " (sample)" if WHOLE in validations[-1]["val"][name] else ""
        yield Curve(
            f"{name[: _NAMED - len(sample)]}{sample}" if sample else name,
            [(record["step"], factor * record["val"][name][figure]) for record in validations],
        )


def _panel(
    draw: ImageDraw.ImageDraw, rows: tuple[int, int], title: str, curves: list[Curve], last: int, best: Best | None
) -> None:
    """One diagram from the row `rows[0]` down to `rows[1]`."""
    top, bottom = rows
    right = _SIZE[0] - _RIGHT
    values = [value for curve in curves for _, value in curve.points]
    # An untrained model may be far off: the axis ends where all but the first steps stay below.
    ordered = sorted(values) or [1.0]
    ticks = _ticks(min(ordered[-1], 1.5 * ordered[int(0.95 * (len(ordered) - 1))]))

    def place(step: float, value: float) -> tuple[float, float]:
        height = min(value / ticks[-1], 1.0)
        return _LEFT + (right - _LEFT) * step / last, bottom - (bottom - top) * height

    for value in ticks:
        row = place(0, value)[1]
        _line(draw, [(_LEFT, row), (right, row)], _PALE, 1)
        _text(draw, (_LEFT - 8, row), f"{value:g}", "rm")
    for step in _ticks(last):
        if step <= last:
            _text(draw, (place(step, 0)[0], bottom + 14), f"{step:,g}", "mm")
    _text(draw, (_LEFT, top - 18), title, "lm")
    if best is not None:
        column = place(best.step, 0)[0]
        _line(draw, [(column, top), (column, bottom)], _DARK, 1)
        name = {"loss": "loss", "cer": "CER"}[best.select]
        _text(draw, (right, top - 18), f"best by {name}: step {best.step:,}", "rm")
    for number, curve in enumerate(curves):
        colour = _COLOURS[number % len(_COLOURS)]
        points = [place(*point) for point in curve.points]
        _line(draw, points, colour, 2)
        row = top + 10 + 22 * number
        _line(draw, [(right + 14, row), (right + 34, row)], colour, 3)
        _text(draw, (right + 40, row), curve.name[:_NAMED], "lm")


def _line(draw: ImageDraw.ImageDraw, points: list[tuple[float, float]], colour: str, width: int) -> None:
    scaled = [(x * _SCALE, y * _SCALE) for x, y in points]
    draw.line(scaled, fill=colour, width=width * _SCALE, joint="curve")
    if len(scaled) < 30:
        radius = 1.5 * width * _SCALE
        for x, y in scaled if width == 2 else ():
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _text(draw: ImageDraw.ImageDraw, place: tuple[float, float], text: str, anchor: str) -> None:
    font = ImageFont.load_default(13 * _SCALE)
    draw.text((place[0] * _SCALE, place[1] * _SCALE), text, fill=_DARK, font=font, anchor=anchor)


def _ticks(highest: float) -> list[float]:
    """About five round numbers from 0 to at least `highest`."""
    rough = max(highest, 1e-3) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
    return [round(number * step, 12) for number in range(max(1, math.ceil(highest / step * 0.999)) + 1)]
