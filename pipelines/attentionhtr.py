"""AttentionHTR's experiments (Kass and Vats, DAS 2022, arXiv 2201.09390) from the data sets to the table.

    python pipelines/attentionhtr.py --str-weights TPS-ResNet-BiLSTM-Attn-case-sensitive.pth
    python pipelines/attentionhtr.py --sample

Weights for printed words in photographs (STR), or others, are fine-tuned on Imgur5K and then on IAM; beside it, new
weights are trained on IAM alone. Each with a CTC and with an attention decoder, for both charsets, from several seeds,
by the paper's recipe: Adadelta, batches of 192, no augmentation, the checkpoint with the lowest validation loss, five
epochs of patience. The table has means over the seeds beside the paper's figures.

Every step leaves its result in OUT/results, and is skipped where that is there; a training that was interrupted goes on
where it was. ``--sample`` runs all of it in miniature, on drawn data: it shows that it works, and nothing of how well.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from htrdata.cli.console import echo, run
from htrdata.cli.data_place import root_option
from htrdata.files.writing import write_atomically
from htrdata.labels import CHARSETS
from htrmodel.cli.scripting import Stages, finetune, once, say
from htrmodel.config import ModelFields
from htrmodel.starter import find_checkpoint
from htrmodel.training.recipes import ATTENTIONHTR, SMALL_MODEL, Recipe

if TYPE_CHECKING:
    from htrdata.store.reading import Store
    from htrmodel.training.run_folder import RunFolder

IMGUR5K, IAM = "imgur5k", "iam_aachen"
HEADS = ("CTC", "Attn")

PAPER = {
    ("printable", False, "CTC", "val"): (7.12, 19.77),
    ("printable", False, "Attn", "val"): (6.79, 18.01),
    ("printable", True, "CTC", "val"): (5.32, 14.84),
    ("printable", True, "Attn", "val"): (4.84, 11.97),
    ("printable", True, "Attn", "test"): (6.50, 15.40),
}
"""Published CER and WER, in %: by charset, whether STR weights and Imgur5K came first, decoder, split of IAM."""

NOTE = """\
CER is the paper's "Norm ED": a mean over words, where one read as nothing costs nothing; as in the paper, CER and WER
are over the words that the charset and 25 characters allow; "of all" has micro CER and WER of every word, where those
count as wrong
paper: STR weights -> Imgur5K -> IAM; val: the ablation in its README, means of five seeds; test: its table 5"""


@dataclass(frozen=True)
class Variant:
    """A cell of the ablation for one seed. `transfer`: Imgur5K comes before IAM, and other weights before that."""

    charset: str
    transfer: bool
    head: str
    seed: int

    def __str__(self) -> str:
        return f"{'transfer' if self.transfer else 'scratch'}-{self.head}-{self.charset}-seed{self.seed}"


@dataclass(frozen=True)
class Lab:
    """What all steps have in common. `start`: what the transfer starts from; `sizes`: of a recogniser."""

    out: Path
    store: Store
    start: str
    sizes: ModelFields
    recipe: Recipe
    device: str


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    *("--str-weights", "--start", "start"),
    metavar="FILE|starter|starter-fast|scratch",
    help="What the transfer starts from, such as clova's .pth.  [default: starter; starter-fast with --sample]",
)
@root_option(IMGUR5K, "--imgur5k")
@root_option("iam", "--iam")
@click.option("--out", default="runs/attentionhtr", show_default=True, type=click.Path(path_type=Path))
@click.option("--seeds", default=5, show_default=True, type=click.IntRange(1, 10), help="How many; a sample has two.")
@click.option("--charset", type=click.Choice(list(CHARSETS)), help="What to read.  [default: one, then the other]")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:N or mps.")
@click.option("--sample", is_flag=True, help="All of it in miniature, on drawn data.")
def main(
    start: str | None, imgur5k: Path, iam: Path, out: Path, seeds: int, charset: str | None, device: str, sample: bool
) -> None:
    """Repeat AttentionHTR's transfer and its ablation, and print them beside the paper's figures.

    \b
    Examples:
      python pipelines/attentionhtr.py --sample
      python pipelines/attentionhtr.py --str-weights TPS-ResNet-BiLSTM-Attn-case-sensitive.pth
      python pipelines/attentionhtr.py --start starter-fast --out runs/attentionhtr-fast
      python pipelines/attentionhtr.py --imgur5k ~/IMGUR5K --iam ~/Downloads --charset printable --seeds 1
    """
    stages = Stages()
    if sample:
        imgur5k, iam = draw(out / "drawn", stages)
    store = build(out / "lmdb", imgur5k, iam, stages)
    lab = prepare(out, store, start or ("starter-fast" if sample else "starter"), device, sample)
    seeds = min(seeds, 2) if sample else seeds
    cells = itertools.product([charset] if charset else CHARSETS, (False, True), HEADS, range(seeds))
    results = {variant: experiment(lab, variant, stages) for variant in itertools.starmap(Variant, cells)}
    title = f"scratch: {IAM} alone; transfer: {lab.start} -> {IMGUR5K} -> {IAM}"
    lines = [title, *table(results, seeds), NOTE, *["drawn words, few steps: no figure here means anything"] * sample]
    write_atomically(out / "table.txt", "\n".join([*lines, ""]).encode())
    echo("\n".join(lines))
    echo("; ".join(f"{stage}: {seconds:,.1f} s" for stage, seconds in stages.seconds.items()))
    echo(f"the table: {out / 'table.txt'}; learning curves: {out / 'runs'}/*/curves.png")


def draw(root: Path, stages: Stages) -> tuple[Path, Path]:
    """Draws both data sets in miniature, in the layouts in which their authors publish them."""
    from htrdata.drawing.samples.iam import draw_sample as draw_iam
    from htrdata.drawing.samples.imgur5k import draw_sample as draw_imgur5k

    imgur5k, iam = root / "imgur5k", root / "iam"
    with stages("draw the data sets"):
        if not (imgur5k / "dataset_info" / "imgur5k_annotations.json").exists():  # what each of them writes last
            draw_imgur5k(imgur5k, pages=16, words_per_page=12, megapixels=(0.3, 0.6))
        if not (iam / "ascii" / "forms.txt").exists():
            draw_iam(iam, forms=6, scale=0.3)
    return imgur5k, iam


def build(path: Path, imgur5k: Path, iam: Path, stages: Stages) -> Store:
    """Builds what the store lacks. Every legible word is kept; what a charset lacks is left out where it is read."""
    import htrdata
    from htrdata.building.report import summary

    sources = {IMGUR5K: htrdata.sources.imgur5k.Imgur5K(imgur5k), IAM: htrdata.sources.iam.Iam(iam, "aachen")}
    for name, source in sources.items():
        if name not in htrdata.Store(path).datasets:
            with stages("build the store", name) as progress:
                say(summary(htrdata.build(source, path, progress=progress).description))
    return htrdata.open(path)


def prepare(out: Path, store: Store, start: str, device: str, sample: bool) -> Lab:
    """Chooses sizes: those of the start, for new weights too, so that only what is known differs; else the paper's."""
    from htrmodel.checkpoint.files import read_checkpoint

    sizes: ModelFields = SMALL_MODEL if sample else {"architecture": "TPS-ResNet-BiLSTM-Attn"}
    if start != "scratch":
        config = read_checkpoint(start).config
        sizes = config.model_fields
    recipe = replace(ATTENTIONHTR, name="sample", batch_size=24, steps=6) if sample else ATTENTIONHTR
    return Lab(out, store, start, sizes, recipe, device)


def experiment(lab: Lab, variant: Variant, stages: Stages) -> dict[str, Any]:
    """Takes all steps of one variant: their results by data set."""
    known = None
    if variant.transfer and lab.start != "scratch":
        digest = hashlib.sha256(find_checkpoint(lab.start).read_bytes()).hexdigest()
        known = {"checkpoint": lab.start, "sha256": digest}
    results: dict[str, Any] = {}
    for name in (IMGUR5K, IAM) if variant.transfer else (IAM,):
        known = results[name] = step(lab, variant, name, known, stages)
    return results


def step(lab: Lab, variant: Variant, name: str, known: Mapping[str, Any] | None, stages: Stages) -> dict[str, Any]:
    """Trains on one data set, and judges what came of it; or finds that this has been done."""
    trunk = lab.sizes["architecture"].rpartition("-")[0]
    model: ModelFields = {**lab.sizes, "architecture": f"{trunk}-{variant.head}"}
    asked = {
        "format": 2,  # of the result
        **asdict(variant),
        "data": lab.store.dataset(name).description.content_digest,
        "start": known["sha256"] if known else "scratch",
        "model": model,
        "recipe": lab.recipe.to_dict(),
    }

    def work() -> dict[str, Any]:
        folder = train(lab, variant, name, Path(known["checkpoint"]) if known else None, model, stages)
        figures = {split: judge(lab, folder.best, name, split, stages) for split in ("val", "test")}
        digest = hashlib.sha256(folder.best.read_bytes()).hexdigest()
        return {"checkpoint": str(folder.best), "sha256": digest, "figures": figures}

    return once(lab.out / "results" / f"{name}-{variant}.json", asked, work)


def train(lab: Lab, variant: Variant, name: str, start: Path | None, model: ModelFields, stages: Stages) -> RunFolder:
    """Trains, or goes on. Stages that the start lacks, such as another decoder, begin with new weights."""
    from htrmodel.training.initial_model import ModelChoice
    from htrmodel.training.request import Request

    request = Request(
        data=lab.store.path,
        mix=(name,),
        checkpoint=start,
        model=ModelChoice(charset=CHARSETS[variant.charset], fields=model),
        recipe=lab.recipe,
        seed=variant.seed,
        out=lab.out / "runs" / f"{name}-{variant}",
        cache=lab.out / "cache",  # decoded once for all of them
        device=lab.device,
    )
    with stages("train", f"{name}-{variant}") as progress:
        return finetune(request, progress).folder


def judge(lab: Lab, best: Path, name: str, split: str, stages: Stages) -> dict[str, Any]:
    """The figures of the best checkpoint on a split, as fractions with intervals over writers or pages.

    Over the words that it can read, as the paper has them; and, in ``of_all``, over all.
    """
    import htrmodel

    with stages("judge", f"{best.parent.name}, {split}"):
        judgement = htrmodel.evaluate(best, lab.store[split, name], device=lab.device, say=say)
    read, every = judgement.find(left_out="omitted"), judgement.find()
    return {
        "signature": read.signature,
        **{metric: figure.as_json() for metric, figure in read.metrics.items()},
        "left_out": judgement.left_out,
        "of_all": {metric: figure.as_json() for metric, figure in every.metrics.items()},
    }


def table(results: Mapping[Variant, Mapping[str, Any]], seeds: int) -> Iterator[str]:
    """A line for each charset, training, decoder and split: means over the seeds, and what the paper has."""
    cells: dict[tuple[str, str, bool, str, str], list[dict[str, Any]]] = defaultdict(list)
    for one, by_name in results.items():
        for name, split in itertools.product(by_name, ("val", "test")):
            cells[name, one.charset, one.transfer, one.head, split].append(by_name[name]["figures"][split])
    from htrmodel.judging.metrics import METRICS
    from htrmodel.judging.seeds import over_seeds

    title = f"means of {seeds} seeds [95 % intervals], %"
    yield f"{title:<44}{'CER':<24}{'paper':<7}{'WER':<24}{'paper':<7}of all: CER, WER"
    for (name, charset, transfer, head, split), figures in sorted(cells.items(), key=lambda cell: cell[0][:2]):
        published = PAPER.get((charset, transfer, head, split)) if name == IAM else None
        line = f"{name:<11}{charset:<10}{'transfer' if transfer else 'scratch':<9}{head:<5}{split:<9}"
        means = {metric: over_seeds([100 * one[metric]["value"] for one in figures]) for metric in METRICS}
        for number, found in enumerate((means["attentionhtr_norm_ed"], means["wer"])):
            interval = "" if math.isnan(found.low) else f" [{found.low:.1f}, {found.high:.1f}]"
            line += f"{f'{found.value:.2f}{interval} ':<24}{f'{published[number]:.2f}' if published else '–':<7}"
        of_all = (
            over_seeds([100 * one["of_all"][metric]["value"] for one in figures]) for metric in ("micro_cer", "wer")
        )
        yield line + "  ".join(f"{mean.value:.2f}" for mean in of_all)


if __name__ == "__main__":
    run(main, "python pipelines/attentionhtr.py")
