"""An evaluation for a paper: a table, and a paragraph that says how it was measured."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from htrdata.labels import visible
from htrdata.records import how_drawn
from htrdata.records.counting import plural
from htrdata.version import __version__
from htrmodel.judging.comparing import Comparison
from htrmodel.judging.judgement import Figure, Judgement
from htrmodel.judging.metrics import METRICS, word_error_rate
from htrmodel.judging.protocol import FEW_CLUSTERS
from htrmodel.judging.report import known_writers_line
from htrmodel.judging.setting import Case, Setting

_SPECIAL = {
    **{character: f"\\{character}" for character in "#$%&_{}"},
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}",
    ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}",
}  # fmt: skip


def latex_of(judged: Sequence[Judgement], comparisons: Sequence[Comparison]) -> str:
    """A table of the systems, which needs the package booktabs, and a paragraph of methods.

    Args:
        judged: the systems, all of one split.
        comparisons: of the first system with each of the others.
    """
    return "\n".join([*_table(judged, comparisons), "", _methods(judged, bool(comparisons))])


def _case(judged: Sequence[Judgement]) -> Case:
    """How case is counted in all rows: with regard to it, unless one of the systems folds it."""
    return "sensitive" if all("sensitive" in judgement.cases for judgement in judged) else "insensitive"


def escaped(text: str) -> str:
    """A text as LaTeX prints it."""
    return "".join(_SPECIAL.get(character, character) for character in visible(text))


def _table(judged: Sequence[Judgement], comparisons: Sequence[Comparison]) -> Iterator[str]:
    setting = judged[0].setting
    case = _case(judged)
    names = ("micro_cer", "macro_cer", word_error_rate(setting.samples))
    titles = [METRICS[name].title for name in names]
    yield r"\begin{table}"
    yield r"\centering"
    yield r"\begin{tabular}{l" + "r" * (len(names) + 1) + ("r" if comparisons else "") + "}"
    yield r"\toprule"
    yield f"system & {setting.samples}s & {' & '.join(titles)}{' & $p$' if comparisons else ''} \\\\"
    yield r"\midrule"
    found = [None, *(one.find(case=case) for one in comparisons)] if comparisons else [None] * len(judged)
    for judgement, differences in zip(judged, found, strict=True):
        figures = judgement.find(case=case, left_out="wrong")
        cells = [f"{figures.words:,}".replace(",", r"\,"), *(_cell(figures.metrics[name]) for name in names)]
        if comparisons:
            p = math.nan if differences is None else differences.metrics["micro_cer"].p
            cells.append("--" if math.isnan(p) else f"{p:.3f}")
        yield f"{escaped(judgement.system)} & {' & '.join(cells)} \\\\"
    yield r"\bottomrule"
    yield r"\end{tabular}"
    caption = f"Error rates in \\% on the {setting.split} split of {escaped(setting.dataset)}"
    intervals = f", with 95\\,\\% intervals over {setting.units}" if setting.clusters > 1 else ""
    yield f"\\caption{{{caption}{intervals}.}}"
    yield r"\end{table}"


def _cell(figure: Figure) -> str:
    if math.isnan(figure.value):
        return "--"
    value = f"{100 * figure.value:.1f}"
    return value if math.isnan(figure.low) else f"{value} [{100 * figure.low:.1f}, {100 * figure.high:.1f}]"


def _methods(judged: Sequence[Judgement], compared: bool) -> str:
    """How the figures were measured: everything that somebody else needs to measure them again."""
    first = judged[0]
    setting, things = first.setting, f"{first.setting.samples}s"
    said = [
        f"All {len(first.words):,} labelled {things} of the {setting.split} split of {escaped(setting.dataset)} "
        f"are counted (content digest {setting.digest[:12]}, references {setting.references[:12]})."
    ]
    if setting.drawn is not None:
        said.append(f"They are not handwriting on paper: {escaped(how_drawn(setting.drawn))}.")
    if first.not_in_store:
        reasons = ", ".join(f"{count:,} {escaped(reason)}" for reason, count in first.not_in_store.items())
        said.append(f"Annotated {things} without image or label are not: {reasons}.")
    for judgement in judged:
        if judgement.left_out:
            reasons = ", ".join(f"{count:,} {escaped(reason)}" for reason, count in judgement.left_out.items())
            said.append(f"What {escaped(judgement.system)} cannot spell counts as wrong: {reasons}.")
        if judgement.setting.aids is not None:
            said.append(f"{escaped(judgement.system)} reads with {escaped(judgement.setting.aids)}.")
        if judgement.unanswered:
            lacking = plural(len(judgement.unanswered), f"{setting.samples} counts", f"{things} count")
            said.append(f"Without prediction by {escaped(judgement.system)}, {lacking} as wrong.")
    case = "with" if _case(judged) == "sensitive" else "without"
    said.append(
        f"Texts are compared {case} regard to case, code point by code point after NFC, by Levenshtein distance; "
        "micro CER is edits over characters of the references, macro CER the mean over samples, and no text is "
        "normalised further."
    )
    said.append(_intervals(setting, compared))
    if setting.known_writers:
        known = known_writers_line(setting)
        said.append(f"{known[0].upper()}{known[1:]}.")
    signature = first.find(case=_case(judged), left_out="wrong").signature
    said.append(f"Measured with htrmodel {__version__}; signature \\texttt{{{escaped(signature)}}}.")
    return " ".join(said)


def _intervals(setting: Setting, compared: bool) -> str:
    if setting.clusters < 2:
        return f"There are no intervals, as all are of one {setting.unit}."
    few = ", too few, so that they are too narrow" if setting.clusters < FEW_CLUSTERS else ""
    p = ", and $p$ is of the difference of micro CER to the first system, in the same resamples" if compared else ""
    return (
        f"Intervals are 95\\,\\% percentiles of {setting.resamples:,} bootstrap resamples of {setting.clusters:,} "
        f"{setting.units} (seed {setting.seed}){few}{p}."
    )
