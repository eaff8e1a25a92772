"""What each choice of a recipe brings: one change at a time, at equal CPU time from the same start, on unseen writers.

    python benchmarks/ablations.py STORE --out RUNS --start FILE attentionhtr modern batch-64 …  # train, judge, print
    python benchmarks/ablations.py STORE --out RUNS --start FILE --seed 1 --seed 2 modern       # further seeds
    python benchmarks/ablations.py STORE --out RUNS                                             # the table so far

STORE has the data sets `unipen` and `copiste`, built with `--charset printable --on-unknown simplify`: UNIPEN's words
by `htrdata unipen`, Copiste's as docs/words-out-of-lines.md says. All begin with `--start`, which must not have learnt
from these words, so that today's starters are none: the tables in RESULTS.md began with the starter-fast that knew
drawn ones alone. `modern` takes `--steps`; what a step of another change costs is measured beside it, in turn, and it
takes as many as the same CPU time allows. Test words are of writers whom neither training nor choice has seen; all
count. What a run found is a line of RUNS/measured.jsonl, and is not measured again. There is no validation: runs are so
short that the schedule's end is the best, and nothing is chosen.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import click
import numpy as np
import torch
from ablation_table import REFERENCE, SETS, START, Measured, judge, measured, table

from htrdata.store.reading import open_store
from htrmodel.checkpoint.files import load
from htrmodel.checkpoint.native import save
from htrmodel.config import ModelFields, RecogniserConfig
from htrmodel.data.batches import WordBatches
from htrmodel.data.cache import decoded_words
from htrmodel.data.origins import StoredSplit
from htrmodel.data.samples import Samples, open_samples
from htrmodel.training.initial_model import ModelChoice, initial_model
from htrmodel.training.recipes import ATTENTIONHTR, MODERN, Recipe
from htrmodel.training.stepping import Stepper, Task

PROBED = 9
"""Steps that are timed of each of two recipes, in turn, after a few that are not."""
WARM = 3


@dataclass(frozen=True)
class Change:
    """A recipe, and a model where that is another one than the start's.

    Attributes:
        title: what the table says.
        recipe: how it is trained; its steps are chosen for equal time.
        model: fields of it that are others.
        mix: data sets.
    """

    title: str
    recipe: Recipe = MODERN
    model: ModelFields = field(default_factory=lambda: ModelFields())
    mix: tuple[str, ...] = SETS

    @property
    def kind(self) -> str:
        """What a step costs follows from it: changes of one kind cost the same."""
        free = replace(self.recipe, name="", lr=1.0, warmup=0.1, weight_decay=0.0, select="cer", patience=0)
        switches = {key: bool(getattr(free, key)) for key in ("augment", "bend", "average")}
        return json.dumps([{**asdict(free), **switches}, self.model], sort_keys=True)


def changed(
    title: str, model: ModelFields | None = None, mix: tuple[str, ...] = SETS, **changes: float | str
) -> Change:
    """`modern` in bfloat16, with other values."""
    return Change(title, replace(BFLOAT16, **changes), model or ModelFields(), mix)  # type: ignore[arg-type]


BFLOAT16 = replace(MODERN, precision="bfloat16")
CHANGES = {
    "attentionhtr": Change("`attentionhtr`", ATTENTIONHTR),
    "float32": Change("`modern` as it is on a CPU, float32"),
    "modern": changed("`modern` in bfloat16"),
    "lr-0.5": changed("rate 0.00035", lr=3.5e-4),
    "lr-2": changed("rate 0.0014", lr=1.4e-3),
    "lr-4": changed("rate 0.0028", lr=2.8e-3),
    "lr-8": changed("rate 0.0056", lr=5.6e-3),
    "batch-64": changed("batches of 64", batch_size=64),
    "batch-64-lr-2": changed("batches of 64, rate 0.0014", batch_size=64, lr=1.4e-3),
    "batch-64-lr-4": changed("batches of 64, rate 0.0028", batch_size=64, lr=2.8e-3),
    "augment-0": changed("no augmentation", augment=0.0),
    "augment-0.5": changed("augmentation 0.5", augment=0.5),
    "augment-1.5": changed("augmentation 1.5", augment=1.5),
    "augment-0.5-lr-4": changed("augmentation 0.5, rate 0.0028", augment=0.5, lr=2.8e-3),
    "bend-1": changed("letters bent", bend=1.0),
    "decay-0.05": changed("weight decay 0.05", weight_decay=0.05),
    "average-0": changed("no average of weights", average=0.0),
    "warmup-0.3": changed("warm-up over 30 %", warmup=0.3),
    "width-160": changed("160 columns", {"width": 160}),
    "width-160-pad": changed("160 columns, padded", {"width": 160, "resize": "pad"}),
    "pad": changed("100 columns, padded", {"resize": "pad"}),
    "height-48": changed("48 rows, 150 columns", {"height": 48, "width": 150}),
    "attention": changed("attention, not CTC", {"architecture": "None-VGG-BiLSTM-Attn"}),
    "unipen-only": changed("UNIPEN's words alone", mix=("unipen",)),
}


def stepper(change: Change, start: Path, store: Path, cache: Path, steps: int, seed: int) -> Stepper:
    """Takes the steps of a change from the start, as `htrmodel finetune` does."""
    recogniser = initial_model(start, ModelChoice(fields=change.model), seed).recogniser
    taught = [taught_words(name, store, recogniser.config) for name in change.mix]
    images = [decoded_words(one, recogniser.config, folder=cache, workers=1) for one in taught]
    words = WordBatches(taught, images, torch.device("cpu"))
    recipe = replace(change.recipe, steps=steps, epochs=None)
    made = Stepper(Task(recogniser=recogniser, words=words, validation={}, recipe=recipe, seed=seed))
    made.train()
    return made


def taught_words(name: str, store: Path, config: RecogniserConfig) -> Samples:
    """The train words of a data set that a model can spell."""
    return open_samples(StoredSplit(open_store(store).dataset(name), "train"), config.label_policy)


def cost(change: Change, start: Path, store: Path, out: Path) -> float:
    """How many of its steps take as long as one of `modern`; kept in RUNS/costs.json by the kind of the change."""
    path = out / "costs.json"
    known: dict[str, float] = json.loads(path.read_text()) if path.exists() else {}
    known.setdefault(CHANGES[REFERENCE].kind, 1.0)
    if change.kind not in known:
        both = [stepper(one, start, store, out / "cache", 10_000, 0) for one in (CHANGES[REFERENCE], change)]
        seconds = np.array([[timed(one, number) for one in both] for number in range(WARM + PROBED)])
        reference, other = np.median(seconds[WARM:], axis=0)
        known[change.kind] = float(reference / other)
        path.write_text(json.dumps(known, indent=1))
    return known[change.kind]


def timed(taking: Stepper, number: int) -> float:
    """Takes a step; the seconds of the CPU."""
    before = time.process_time()
    taking.step(number)
    return time.process_time() - before


def measure(name: str, seed: int, steps: int, start: Path, store: Path, out: Path) -> Measured:
    """Trains with a change, keeps the weights and judges them: those of the end, the average where there is one."""
    change = CHANGES[name]
    taken = round(steps * cost(change, start, store, out))
    taking = stepper(change, start, store, out / "cache", taken, seed)
    seconds = sum(timed(taking, number) for number in range(taken))
    recogniser = taking.training.judged.eval()
    save(recogniser, out / f"{name}-{seed}.safetensors")
    words = taken * change.recipe.batch_size / 1000
    return Measured(name, seed, taken, words, round(seconds, 1), judge(recogniser, store))


def about(runs: list[Measured]) -> str:
    """What was measured, in a sentence."""
    sums = runs[0].sums if runs else {}
    writers = sum(map(len, sums.values()))
    words = sum(row[0] for one in sums.values() for row in one.values())
    trained = [one for one in runs if one.steps]
    hours = sum(one.seconds for one in trained) / 3600
    each = np.mean([one.seconds for one in trained]) if trained else 0
    return (
        f"{words:,.0f} test words of {writers} writers; {len(trained)} trainings of {each:.0f} CPU-seconds each, "
        f"{hours:.2f} hours in all"
    )


@click.command()
@click.argument("store", type=click.Path(path_type=Path, exists=True))
@click.argument("names", nargs=-1, type=click.Choice([START, *CHANGES]))
@click.option("--out", type=click.Path(path_type=Path), required=True)
@click.option(
    "--start",
    type=click.Path(path_type=Path),
    help="Weights that all begin with, needed where something is trained or judged. Not a starter: those have learnt "
    "from the words of both data sets, and what a change brings is then hardly seen.",
)
@click.option("--seed", "seeds", multiple=True, type=int, default=(0,))
@click.option("--steps", default=1000, show_default=True, help="Of `modern`.")
def main(
    store: Path, names: tuple[str, ...], out: Path, start: Path | None, seeds: tuple[int, ...], steps: int
) -> None:
    """Train the changes that are named, and print the table of all that were measured."""
    torch.set_num_threads(1)
    out.mkdir(parents=True, exist_ok=True)
    known = {(one.name, one.seed) for one in measured(out)}
    due = [(name, seed) for seed in seeds for name in dict.fromkeys(names) if (name, seed) not in known]
    for name, seed in due:
        if start is None:
            raise click.UsageError("--start is missing: weights that have not learnt from these words (see --help)")
        if name == START:
            run = Measured(name, seed, 0, 0.0, 0.0, judge(load(start), store))
        else:
            run = measure(name, seed, steps, start, store, out)
        with (out / "measured.jsonl").open("a") as file:
            file.write(json.dumps(asdict(run)) + "\n")
    runs = measured(out)
    titles = {START: "the start itself", **{name: change.title for name, change in CHANGES.items()}}
    click.echo(f"{about(runs)}\n")
    click.echo("\n".join(table(runs, titles)))


if __name__ == "__main__":
    main()
