"""How well starters' ONNX graphs read beside the checkpoints that they were made from: the table of weights/README.md.

    python benchmarks/graphs.py stores/words/copiste --starter starter --starter starter-fast
    python benchmarks/graphs.py stores/lines/copiste --starter starter-lines
    … --first 50                # the first samples of the split alone, to see that it runs
    … --runtime openvino        # by that instead of ONNX Runtime

The store is as for `held_out.py`: the path of a data set's folder in it. Of its test split the words, or lines, that
the starter can spell are read by torch in float32 and by the graph, which has 8 bits in its trunk. Behind the
difference of the two CERs stands its 95 % interval over writers, or pages where writers are unknown (a paired
bootstrap, as `htrmodel evaluate` has it), where there are several. The network is not needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click
from timing import machine

from htrdata.records.counting import plural
from htrdata.store.reading import Dataset, open_store
from htrmodel.checkpoint.files import load
from htrmodel.data.decoding import decode_stored
from htrmodel.data.origins import StoredSplit
from htrmodel.data.samples import Samples, open_samples
from htrmodel.judging.bootstrap import cluster_sums, interval, resample
from htrmodel.judging.metrics import METRICS, count, figures
from htrmodel.judging.protocol import RESAMPLES
from htrmodel.reader import WordReader
from htrmodel.runtime.predicting import load_reader
from htrmodel.starter import STARTERS

HEADS = ("starter", "held out", "of", "CER, torch", "CER, graph", "beside torch, points", "read otherwise")
AHEAD = 512
"""Images that are opened at once."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What torch and the graph read of the same samples.

    Attributes:
        labels: what the samples say, as the charset compares them.
        clusters: whose each is: of a writer, or of a page.
        by_torch: the readings of the checkpoint.
        by_graph: those of its graph.
    """

    labels: list[str]
    clusters: list[str]
    by_torch: list[str]
    by_graph: list[str]

    def row(self, starter: str, dataset: Dataset) -> list[str]:
        """The cells of the table."""
        cer = list(METRICS).index("micro_cer")
        sums = [cluster_sums(count(self.labels, read), self.clusters) for read in (self.by_torch, self.by_graph)]
        torch, graph = (100 * float(figures(one.sum(0))[cer]) for one in sums)
        clusters = len(set(self.clusters))
        beside = f"{graph - torch:+.2f}"
        if clusters > 1:
            drawn = [figures(resample(one, RESAMPLES, 0))[..., cer] for one in sums]
            beside += " [{:+.2f}, {:+.2f}]".format(*interval(100 * (drawn[1] - drawn[0])))
        otherwise = sum(one != other for one, other in zip(self.by_torch, self.by_graph, strict=True))
        unit = dataset.description.unit
        return [
            f"`{starter}`",
            f"{dataset.name}, {len(self.labels):,} {unit}s",
            plural(clusters, "writer" if self.clusters[0].startswith("writer") else "page"),
            f"{torch:.2f} %",
            f"{graph:.2f} %",
            beside,
            f"{otherwise:,}",
        ]


def readings(reader: WordReader, samples: Samples, number: int, batch_size: int) -> list[str]:
    """The texts of the first samples, each image decoded and brought to the size of the input as for `evaluate`."""
    shards, keys = samples.origin.shards, samples.keys.tolist()
    numbers = samples.shard_numbers.tolist()
    texts: list[str] = []
    for first in range(0, number, AHEAD):
        places = range(first, min(first + AHEAD, number))
        fitted = [decode_stored(shards[numbers[place]], keys[place], reader.config) for place in places]
        texts += [reading.text for reading in reader.read_fitted(fitted, batch_size)]
    return texts


def clusters_of(samples: Samples, number: int) -> list[str]:
    """Whose each of the first samples is: of its writer, or of its page where not all writers are known."""
    writers, pages = (samples.column(name).to_pylist()[:number] for name in ("writer", "page"))
    known = all(writer is not None for writer in writers)
    return [f"writer {writer}" for writer in writers] if known else [f"page {page}" for page in pages]


def compare(starter: str, dataset: Dataset, split: str, first: int | None, runtime: str) -> Compared:
    """Reads the samples that a starter can spell, with torch and by its graph.

    Raises:
        HtrError: as `htrmodel.runtime.predicting.load_reader`; or the split has no such sample.
    """
    recogniser, graph = load(starter), load_reader(starter, runtime=runtime)
    samples = open_samples(StoredSplit(dataset, split), recogniser.config.label_policy)
    number = min(len(samples), first or len(samples))
    size = 16 if recogniser.config.reads_lines else 192
    labels: list[str] = samples.texts.to_pylist()[:number]
    by_torch, by_graph = (readings(one, samples, number, size) for one in (recogniser, graph))
    return Compared(labels, clusters_of(samples, number), by_torch, by_graph)


@click.command()
@click.argument("datasets", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--starter",
    "starters",
    multiple=True,
    type=click.Choice(list(STARTERS)),
    default=("starter", "starter-fast"),
    show_default=True,
    help="One or several, which bring their graphs.",
)
@click.option("--split", default="test", show_default=True, help="Of writers whom the starters have not seen.")
@click.option("--first", type=click.IntRange(1), help="So many of the samples alone.")
@click.option("--runtime", default="onnxruntime", show_default=True, type=click.Choice(["onnxruntime", "openvino"]))
def main(datasets: tuple[Path, ...], starters: tuple[str, ...], split: str, first: int | None, runtime: str) -> None:
    """Read DATASETS with STARTERS and with their graphs, and print the figures side by side."""
    click.echo(f"by {runtime}; {machine('torch', runtime)}\n")
    click.echo(f"| {' | '.join(HEADS)} |\n|{'---|' * len(HEADS)}")
    for path in datasets:
        dataset = open_store(path.parent).dataset(path.name)
        for starter in starters:
            compared = compare(starter, dataset, split, first, runtime)
            click.echo(f"| {' | '.join(compared.row(starter, dataset))} |")


if __name__ == "__main__":
    main()
