"""How well a starter reads the held-out parts of the open corpora: the tables of the cards.

    python benchmarks/held_out.py starter stores/words/copiste stores/words/dhsd …           # a table of words
    python benchmarks/held_out.py starter-lines stores/lines/copiste stores/lines/peraire …  # a table of lines

After the starter come data sets, each the path of its folder in a store. Their test splits are read and judged as
`htrmodel evaluate` does it; the network is not needed. Stores of words:

    python pipelines/open_words.py copiste=Copiste-d-un-jour … --checkpoint ALIGNER          # where the words are
    htrdata xml Copiste-d-un-jour/ --corpus copiste --unit word --alignment open_words/copiste.parquet --name copiste \
        --height 32 --quality 80 --charset printable --on-unknown simplify --out stores/words    # the others likewise
    htrdata dhsd --root DHSD/ --height 32 --format jpeg --quality 80 --charset printable --on-unknown simplify
    htrdata xml hn2021/ --split test --unit word --alignment hn2021.parquet --least-score -99    # of htrmodel align
    htrdata unipen --root UNIPEN/
    htrdata synth --words 6000 --seed 2027 --hands print,joined

What ALIGNER cannot place is no part of the figures, so other weights give other words: those of the cards' were cut by
a CTC model that is not published. Stores of lines:

    htrdata xml Copiste-d-un-jour/ --corpus copiste --out stores/lines                       # the others likewise
    htrdata xml CREMMA-MSS-18/ --corpus cremma_18 --height 48 --quality 72 --out stores/lines48  # and others
    htrdata unipen --unit line --root UNIPEN/

TIMEUS is a folder for each year: `--corpus timeus --name timeus58`, and `timeus78`.
"""

from __future__ import annotations

import math
from pathlib import Path

import click

from htrdata.labels import normal_form
from htrdata.store.reading import Dataset, open_store
from htrmodel.checkpoint.files import load
from htrmodel.evaluation.reading import read_split
from htrmodel.judging import metrics
from htrmodel.judging.judgement import Figure, Figures, Judgement
from htrmodel.judging.judging import judge

ABOUT = {
    "unipen": "UNIPEN, pen strokes, drawn",
    "unipen_lines": "UNIPEN free text, pen strokes, drawn; mixed languages",
    "copiste": "Copiste d'un jour, French, 2024",
    "peraire": "Peraire, French; its one hand is known, other pages",
    "testaments": "wills of soldiers, French, 1914–18",
    "cremma_18": "CREMMA-MSS-18, French, 18th century",
    "cremma_19": "CREMMA-MSS-19, letters, French, 19th century",
    "cremma_20": "CREMMA-MSS-20, drafts of a speech, French, 20th century",
    "timeus58": "TIMEUS, a court, French, 1858; its clerks are known, other pages",
    "timeus78": "TIMEUS, 1878; the same",
    "lectaurep_repertoires": "notaries' registers, French, 19th century; another notary; tables",
    "dhsd": "DHSD, German words; their writers are known",
    "hn2021": "hn2021, English, 1905; nearly all of it typed or printed",
    "synth": "drawn words, print and joined hands, unseen writers",
}
"""What the first cell of a row says, by the name of the data set."""

WORDS = ("held out", "of", "words (share whose cut was sure)", "CER", "words with a mistake")
WORDS_TOO = ("both, case aside", "both, by labels with their marks", "left out", "both, those read as nothing")
LINES = ("lines", "of", "number", "CER", "WER", "both, case aside")


def words_row(dataset: Dataset, judgement: Judgement) -> list[str]:
    """The words that the starter can spell; then the same by their labels as written; then all of them."""
    spelt = judgement.find(left_out="omitted")
    everything = judgement.find(left_out="wrong")
    left_out = (f"{number:,} {reason.replace('_', ' ')}" for reason, number in judgement.left_out.items())
    return [
        *named(dataset, judgement),
        f"{spelt.words:,} ({share_sure(dataset, judgement)})",
        shown(spelt.metrics["micro_cer"]),
        shown(spelt.metrics["wer"]),
        both(judgement.find(case="insensitive", left_out="omitted")),
        as_written(dataset, judgement),
        ", ".join(left_out) or "none",
        both(everything),
    ]


def lines_row(dataset: Dataset, judgement: Judgement) -> list[str]:
    """All lines: those with characters that the starter lacks count with what it read."""
    found = judgement.find(left_out="wrong")
    rates = (shown(found.metrics[name]) for name in ("micro_cer", metrics.LINE_WER))
    aside = both(judgement.find(case="insensitive", left_out="wrong"), metrics.LINE_WER)
    return [*named(dataset, judgement), f"{found.words:,}", *rates, aside]


def named(dataset: Dataset, judgement: Judgement) -> list[str]:
    """The first two cells of a row: what these are, and of how many writers or pages."""
    number, unit = judgement.setting.clusters, judgement.setting.unit
    of = f"{number} {unit}" if number == 1 else f"{number:,} {unit}s"
    return [ABOUT.get(dataset.name, dataset.description.about.title), of]


def share_sure(dataset: Dataset, judgement: Judgement) -> str:
    """Which share of the annotated words was cut out of lines surely enough to be kept."""
    unsure = judgement.not_in_store.get("unsure_cut", 0)
    annotated = len(judgement.words) + sum(judgement.not_in_store.values())
    return f"{100 * (1 - unsure / annotated):.0f} %" if unsure else "all"


def both(figures: Figures, wer: str = "wer") -> str:
    """CER and WER without intervals."""
    return " / ".join(f"{100 * figures.metrics[name].value:.1f}" for name in ("micro_cer", wer))


def as_written(dataset: Dataset, judgement: Judgement) -> str:
    """The figures of the words that were read, where marks that the store has folded (é to e) count as well."""
    rows = dataset.manifest(["id", "source_text"])
    written = dict(zip(rows["id"], rows["source_text"], strict=True))
    read = [word for word in judgement.words if word.left_out is None]
    found = metrics.evaluate([normal_form(written[word.id]) for word in read], [word.reading for word in read])
    return f"{100 * found['micro_cer']:.1f} / {100 * found['wer']:.1f}"


def shown(figure: Figure) -> str:
    """In per cent, with its interval where there is one: not where all is one writer's."""
    value = f"{100 * figure.value:.1f}"
    return value if math.isnan(figure.low) else f"{value} [{100 * figure.low:.1f}, {100 * figure.high:.1f}]"


def row(cells: list[str]) -> str:
    """A row of a Markdown table."""
    return f"| {' | '.join(cells)} |"


@click.command()
@click.argument("starter")
@click.argument("datasets", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
def main(starter: str, datasets: tuple[Path, ...]) -> None:
    """Judge STARTER on the test splits of DATASETS, and print the table of its card."""
    recogniser = load(starter)
    of_lines = recogniser.config.reads_lines
    heads = list(LINES if of_lines else WORDS + WORDS_TOO)
    click.echo(f"{row(heads)}\n|{'---|' * len(heads)}")
    for path in datasets:
        dataset = open_store(path.parent).dataset(path.name)
        # Not `evaluate`, which refuses stores of an earlier form: they do not say how DHSD is split.
        readings = read_split(recogniser, dataset, "test", batch_size=16 if of_lines else 192)
        longest = recogniser.config.max_length
        judgement = judge(readings, dataset, split="test", charset=recogniser.charset, max_length=longest)
        click.echo(row((lines_row if of_lines else words_row)(dataset, judgement)))


if __name__ == "__main__":
    main()
