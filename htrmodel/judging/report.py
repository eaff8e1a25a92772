"""Judgements and comparisons as text for a terminal of 80 columns."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping

from htrdata.labels import named
from htrdata.records import Unit, how_drawn
from htrdata.records.counting import plural
from htrmodel.judging.comparing import Comparison, Differences, Over
from htrmodel.judging.judgement import Figure, Judgement
from htrmodel.judging.metrics import LINE_WER, METRICS, Metric, word_error_rate
from htrmodel.judging.mistakes import find_confusions, worst_readings
from htrmodel.judging.protocol import FEW_CLUSTERS
from htrmodel.judging.reliability import EDGES, reliability
from htrmodel.judging.setting import Case, LeftOut, Setting
from htrmodel.judging.subsets import SUBSETS
from htrmodel.judging.terminal import cell, fitted, percent, with_interval, wrapped

_CASES: dict[Case, str] = {"sensitive": "case-sensitive", "insensitive": "case-insensitive"}
_OVER: dict[Over, str] = {"every-word": "every {}, left out is wrong", "read-by-both": "{}s that both read"}


def judgement_text(judgement: Judgement, top: int = 10) -> str:
    """The judgement as a table, in per cent with 95 % intervals.

    Args:
        judgement: of a system.
        top: how many confusions and worst readings to list.
    """
    first = judgement.find(left_out="omitted")
    lines = [*_head(judgement), "", *_metrics(judgement), "", *_subsets(judgement, "omitted")]
    if judgement.left_out:
        lines += ["", *_subsets(judgement, "wrong")]
    lines += ["", *_confusions(judgement, top), *_worst(judgement, top)]
    lines += _reliability(judgement)
    lines += [f"signature of the first figure, micro CER {percent(first.metrics['micro_cer'].value)}:"]
    return "\n".join([*lines, *wrapped(first.signature)]) + "\n"


def comparison_text(comparison: Comparison) -> str:
    """The comparison as a table, in per cent with 95 % intervals of the difference."""
    first, second = comparison.first, comparison.second
    case = comparison.differences[0].case
    kinds: list[Over] = ["every-word", "read-by-both"] if first.left_out or second.left_out else ["every-word"]
    lines = [
        *fitted(f"first: {_named(first)}"),
        *fitted(f"second: {_named(second)}"),
        *fitted(sampling_line(first.setting, comparison.resamples)),
    ]
    for over in kinds:
        lines += ["", *_compared(comparison.find("all", case, over), first.setting.samples)]
    if any(found.subset == "unseen" for found in comparison.differences):
        lines += ["", *_compared(comparison.find("unseen", case, kinds[-1]), first.setting.samples)]
    for over in kinds:
        lines += ["", *_compared_subsets(comparison, over)]
    for name, judgement in (("first", first), ("second", second)):
        lines += ["", f"signature of the {name} system, {_OVER['every-word'].format(first.setting.samples)}:"]
        lines += wrapped(judgement.find("all", case, "wrong").signature)
    return "\n".join(lines) + "\n"


def metrics_of(samples: Unit) -> Iterator[tuple[str, Metric]]:
    """The figures that mean something of words, or of lines."""
    return ((name, metric) for name, metric in METRICS.items() if samples == "line" or name != LINE_WER)


def _brief(samples: Unit) -> tuple[str, str]:
    return "micro_cer", word_error_rate(samples)


def _named(judgement: Judgement) -> str:
    aids = judgement.setting.aids
    return judgement.system if aids is None else f"{judgement.system} with {aids}"


def _compared(found: Differences, samples: Unit) -> Iterator[str]:
    subset = "" if found.subset == "all" else f"{SUBSETS[found.subset]}, "
    yield f"{subset}{_OVER[found.over].format(samples)} ({found.words:,}), {_CASES[found.case]}, %"
    yield f"{'':<24}{'first':>8}{'second':>8}  {'difference':<24}{'p':>7}"
    for name, metric in metrics_of(samples):
        row = found.metrics[name]
        change = with_interval(Figure(row.difference, row.low, row.high), sign="+")
        p = "–" if math.isnan(row.p) else f"{row.p:.3f}"
        yield f"  {metric.title:<22}{percent(row.first):>8}{percent(row.second):>8}  {change:<24}{p:>7}"


def _compared_subsets(comparison: Comparison, over: Over) -> Iterator[str]:
    samples = comparison.first.setting.samples
    brief = _brief(samples)
    yield f"difference, {_OVER[over].format(samples)}, %"
    yield f"{'':<25}{f'{samples}s':>7}  " + "  ".join(f"{METRICS[name].title:<22}" for name in brief).rstrip()
    for case in dict.fromkeys(found.case for found in comparison.differences):
        yield _CASES[case]
        for found in comparison.differences:
            if (found.case, found.over) == (case, over):
                rows = (found.metrics[name] for name in brief)
                changes = (with_interval(Figure(row.difference, row.low, row.high), 1, "+") for row in rows)
                cells = "  ".join(f"{change:<22}" for change in changes)
                yield f"  {SUBSETS[found.subset]:<23}{found.words:>7,}  {cells}".rstrip()


def _head(judgement: Judgement) -> Iterator[str]:
    setting, words = judgement.setting, len(judgement.words)
    things = f"{setting.samples}s"
    longest = "" if setting.max_length is None else f", at most {setting.max_length} characters"
    yield from fitted(f"{judgement.system} on {setting.dataset} {setting.split}, charset {setting.charset}{longest}")
    if setting.drawn:
        yield from fitted(how_drawn(setting.drawn))
    if setting.aids is not None:
        yield from fitted(f"read with {setting.aids}: not comparable with figures of reading without")
    yield from fitted(f"{things} read: {words - sum(judgement.left_out.values()):,} of {words:,}")
    for sentence in left_out_lines(judgement):
        yield from fitted(sentence)
    if judgement.unanswered:
        yield from fitted(f"without prediction, counted as wrong: {len(judgement.unanswered):,}")
    if judgement.not_in_store:
        yield from fitted(f"not in the store, for want of image or label: {_listed(judgement.not_in_store)}")
    if judgement.elsewhere:
        yield from fitted(f"predictions of other splits or of {things} not in the store: {judgement.elsewhere:,}")
    yield from fitted(sampling_line(setting, setting.resamples))
    if setting.known_writers:
        yield from fitted(known_writers_line(setting))


def left_out_lines(judgement: Judgement) -> Iterator[str]:
    """What a system left out, in sentences, and which option helps; nothing where it left out nothing."""
    if judgement.left_out:
        yield f"left out: {_listed(judgement.left_out)}"
    if missing := judgement.missing_characters:
        shown = "  ".join(f"{named(character)} {count:,}" for character, count in list(missing.items())[:12])
        things = f"{judgement.setting.samples}s"
        more = f"  and {len(missing) - 12:,} more" if len(missing) > 12 else ""
        yield (
            f"characters that it lacks, with {things}: {shown}{more}; `htrmodel finetune --charset FILE` teaches it "
            "those of a file"
        )


def _metrics(judgement: Judgement) -> Iterator[str]:
    case = judgement.cases[0]
    kinds: list[LeftOut] = ["omitted", "wrong"] if judgement.left_out else ["omitted"]
    titles = {"omitted": f"{judgement.setting.samples}s read", "wrong": "left out counted as wrong"}
    yield f"{f'{_CASES[case]}, %':<26}" + "".join(f"{titles[kind]:<26}" for kind in kinds).rstrip()
    for name, metric in metrics_of(judgement.setting.samples):
        numbers = (judgement.find("all", case, kind).metrics[name] for kind in kinds)
        yield f"  {metric.title:<23}" + " ".join(f"{with_interval(number):<25}" for number in numbers).rstrip()


def _subsets(judgement: Judgement, left_out: LeftOut) -> Iterator[str]:
    things = f"{judgement.setting.samples}s"
    brief = _brief(judgement.setting.samples)
    title = f"{things} read, %" if left_out == "omitted" else "left out is wrong, %"
    yield f"{title:<25}{things:>7}  " + "  ".join(f"{METRICS[name].title:<21}" for name in brief).rstrip()
    for case in judgement.cases:
        yield _CASES[case]
        for found in judgement.figures:
            if (found.case, found.left_out) == (case, left_out):
                cells = "  ".join(f"{with_interval(found.metrics[name], digits=1):<21}" for name in brief)
                yield f"  {SUBSETS[found.subset]:<23}{found.words:>7,}  {cells}".rstrip()


def _confusions(judgement: Judgement, top: int) -> Iterator[str]:
    found = find_confusions((reference, reading) for _, reference, reading in judgement.pairs())
    yield (
        f"edits: {found.substituted.total():,} characters read as others, {found.deleted.total():,} not read, "
        f"{found.inserted.total():,} added"
    )
    rows = found.top(top)
    if rows:
        yield "  written  read       times  of"
        for wanted, read, times in rows:
            of = f"{found.characters[wanted]:,}" if wanted else "–"
            yield f"  {cell(wanted or 'nothing', 8)} {cell(read or 'nothing', 8)}{times:>7,}  {of}"
        yield ""


def _worst(judgement: Judgement, top: int) -> Iterator[str]:
    rows = worst_readings(judgement.pairs(), top)
    if rows:
        yield "worst readings"
        yield f"  {'written':<24} {'read':<24} edits  id"
        for word, edits in rows:
            yield f"  {cell(word.reference, 24)} {cell(word.reading, 24)}{edits:>6}  {cell(word.id, 20).rstrip()}"
        yield ""


def _reliability(judgement: Judgement) -> Iterator[str]:
    if (found := reliability(judgement)) is None:
        return
    yield f"{'confidence, %':<26}{f'{judgement.setting.samples}s':>8}{'mean':>10}{'right':>10}"
    for (low, high), (number, mean, right) in zip(itertools.pairwise(EDGES), found.rows, strict=True):
        if number:
            yield f"  {f'{100 * low:.0f} to {100 * high:.0f}':<24}{number:>8,}{percent(mean):>10}{percent(right):>10}"
    yield f"  expected calibration error {percent(found.error)}"
    yield ""


def sampling_line(setting: Setting, resamples: int) -> str:
    """What the intervals are from, or why there are none."""
    if setting.clusters < 2:
        return f"no intervals: all {setting.samples}s are of one {setting.unit}"
    few = ", too few: they are too narrow" if setting.clusters < FEW_CLUSTERS else ""
    return f"95 % intervals from {resamples:,} draws of {setting.clusters:,} {setting.units}{few}"


def known_writers_line(setting: Setting) -> str:
    """What to know where writers are in train, too."""
    return (
        f"{plural(setting.known_writers, 'writer')} of these also wrote {setting.samples}s of the train split: figures "
        "are not of hands that are new to what was trained on it"
    )


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in counts.items())
