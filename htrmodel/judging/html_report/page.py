"""Writes the page of an evaluation: gathers what it shows, and renders it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from htrdata.errors import CannotCreateError
from htrdata.files.refusals import cannot_create
from htrdata.files.writing import write_atomically
from htrdata.records import how_drawn
from htrdata.store.html_pages.pictures import Picture, picture_of
from htrdata.store.html_pages.rendering import percent, render
from htrdata.store.reading import Dataset
from htrmodel.judging.comparing import Comparison
from htrmodel.judging.html_report import plots
from htrmodel.judging.html_report.aligned import Piece, aligned
from htrmodel.judging.html_report.breakdown import Read, by_cluster, by_kind, by_length, edits_of, worst_clusters
from htrmodel.judging.html_report.sentences import MUCH, lead, one_in
from htrmodel.judging.html_report.sureness import sureness_of
from htrmodel.judging.judgement import Figure, Judgement
from htrmodel.judging.metrics import METRICS, word_error_rate
from htrmodel.judging.mistakes import find_confusions
from htrmodel.judging.report import known_writers_line, left_out_lines, metrics_of, sampling_line
from htrmodel.judging.subsets import SUBSETS

REPORT = "report.html"
_WORDS, _CONFUSIONS, _CLUSTERS = 24, 20, 20


@dataclass(frozen=True, slots=True)
class Mistake:
    """A word that was read wrongly, as the page shows it.

    Attributes:
        id: of the word.
        truth: its label.
        reading: what was read.
        pieces: both, aligned.
        picture: of it; None where the store has none.
        notes: what else is known.
    """

    id: str
    truth: str
    reading: str
    pieces: tuple[Piece, ...]
    picture: Picture | None
    notes: tuple[str, ...]


def write_page(
    folder: Path,
    dataset: Dataset,
    judged: Sequence[Judgement],
    comparisons: Sequence[Comparison],
    curves: Mapping[str, str] | None = None,
) -> Path:
    """Writes an evaluation as one HTML page that needs nothing else.

    Args:
        folder: where it goes, as ``report.html``; it is made where it is missing.
        dataset: whose words were read.
        judged: the systems; the page is about the first one, and compares the others with it.
        comparisons: of the first system with each of the others.
        curves: learning curves as SVG, by the name of the checkpoint.

    Returns:
        The path of the page.

    Raises:
        CannotCreateError: the folder or the file cannot be created.
        StorageError: it cannot be written.
        BadDataError: a shard is damaged.
    """
    first = judged[0]
    pairs = first.pairs()
    wrong = [pair for pair in pairs if pair[1] != pair[2]]
    worst = sorted(wrong, key=lambda one: (-edits_of(one), len(one[1]), one[0].id))[:_WORDS]
    sure = [pair for pair in wrong if pair[0].confidence is not None]
    sure = sorted(sure, key=lambda one: (-(one[0].confidence or 0), one[0].id))[:_WORDS]
    pictures = _pictures(dataset, first.setting.split, {pair[0].id for pair in (*worst, *sure)})
    clusters = by_cluster(pairs)
    page = render(
        "htrmodel.judging.html_report",
        "evaluation.html",
        **_of_figures(first),
        lead=lead(first, worst_clusters(first, clusters)),
        clusters=clusters[:_CLUSTERS],
        others=clusters[_CLUSTERS:],
        lengths=by_length(pairs),
        kinds=by_kind(pairs),
        worst=[_mistake(pair, pictures) for pair in worst],
        surest=[_mistake(pair, pictures) for pair in sure],
        **_of_confusions(pairs),
        **_of_sureness(pairs, f"{first.setting.samples}s"),
        comparisons=comparisons,
        curves=curves or {},
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CannotCreateError(cannot_create(folder, error)) from error
    path = folder / REPORT
    write_atomically(path, page.encode())
    return path


def _of_figures(judgement: Judgement) -> dict[str, object]:
    setting = judgement.setting
    read, every = judgement.find(left_out="omitted"), judgement.find(left_out="wrong")
    brief = "micro_cer", word_error_rate(setting.samples)
    return {
        "judgement": judgement,
        "setting": setting,
        "word": setting.samples,
        "much": read.metrics["wer"].value > MUCH,
        "drawn": how_drawn(setting.drawn) if setting.drawn else None,
        "metrics": [
            (metric.title, _EXPLAINED[name].format(setting.samples), read.metrics[name], every.metrics[name])
            for name, metric in metrics_of(setting.samples)
        ],
        "subsets": [
            (SUBSETS[one.subset], one, [one.metrics[name] for name in brief])
            for one in judgement.figures
            if one.left_out == "omitted"
        ],
        "titles": [METRICS[name].title for name in brief],
        "left_out": list(left_out_lines(judgement)),
        "sampling": sampling_line(setting, setting.resamples),
        "known_writers": known_writers_line(setting) if setting.known_writers else None,
        "signature": read.signature,
        "shown": shown,
        "one_in": one_in,
        "brief": brief,
        "all_metrics": METRICS,
    }


_EXPLAINED = {
    "micro_cer": "characters to change, of a hundred written ones; long {}s weigh more",
    "macro_cer": "the same, every {} weighing as much as any other",
    "wer": "{}s that are not read exactly",
    "accuracy": "{}s that are read exactly",
    "icdar2019_1_ned": "likeness of reading and truth; 100 is all right",
    "attentionhtr_norm_ed": "what AttentionHTR publishes as CER: an empty reading counts as right",
    "line_wer": "words between spaces to change, of a hundred written ones",
}


def shown(figure: Figure) -> str:
    """A figure as the page has it: in per cent, with the ends of its interval, where there are any."""
    return figure.shown().removesuffix(" %").removesuffix(" [-, -]").replace("-", "–")


def _of_confusions(pairs: Sequence[Read]) -> dict[str, object]:
    found = find_confusions((reference, reading) for _, reference, reading in pairs)
    edits = found.substituted.total() + found.deleted.total() + found.inserted.total()
    top = found.top(_CONFUSIONS)
    return {
        "confusions": [(wanted, read, times, found.characters[wanted] if wanted else 0) for wanted, read, times in top],
        "edits": edits,
        "share_of_top": percent(sum(times for _, _, times in top[:10]) / edits) if edits else "",
        "sums": (found.substituted.total(), found.deleted.total(), found.inserted.total()),
    }


def _of_sureness(pairs: Sequence[Read], things: str) -> dict[str, object]:
    found = sureness_of(pairs)
    if found is None:
        return {"sureness": None}
    drawn = {"reliability": plots.reliability(found, things), "threshold_curve": plots.threshold_curve(found, things)}
    return {"sureness": found, **drawn}


def _pictures(dataset: Dataset, split: str, ids: set[str]) -> dict[str, Picture | None]:
    """The pictures of some words of a split, as far as the store has them."""
    if not ids or split not in dataset.splits:
        return {}
    words = dataset.words(split)
    places = {word_id: place for place, word_id in enumerate(words.ids) if word_id in ids}
    return {word_id: picture_of(words[place].encoded) for word_id, place in places.items()}


def _mistake(pair: Read, pictures: Mapping[str, Picture | None]) -> Mistake:
    word, reference, reading = pair
    word = dataclasses.replace(word, reading=reading)
    sure = [] if word.confidence is None else [f"sure to {percent(word.confidence)}"]
    notes = (*sure, word.cluster)
    return Mistake(word.id, reference, reading, tuple(aligned(reference, reading)), pictures.get(word.id), notes)
