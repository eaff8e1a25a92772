"""Training and reading on a GPU with the full-size recogniser, step by step from the plain loop to what the card gives.

Each row adds one thing to the one above, so that the table says what it brought. Weights and words are drawn. The
references are those of `training_step.py` and `reading.py`. Torch's compiler and CUDA graphs are tried here only:
the package does without them until a run of this file says what they are worth.

    python benchmarks/gpu.py [--device cuda] [--rounds 10]
    python benchmarks/gpu.py --device cpu --tiny        # that it runs; its figures mean nothing
"""

from __future__ import annotations

import copy
import functools
import time
from collections.abc import Callable

import click
import numpy as np
import torch
from gemm import GFLOP_PER_IMAGE, gemm_rate
from plain_recogniser import PlainRecogniser
from timing import in_turn, machine, table
from torch import Tensor, nn
from torch.optim import Adadelta
from training_step import WORD, our_step, plain_step

from htrdata.labels import PRINTABLE
from htrmodel.config import RecogniserConfig
from htrmodel.data.batches import standardise
from htrmodel.recogniser import Recogniser

Procedures = dict[str, Callable[[], int]]


def graphed(work: Callable[[], int]) -> Callable[[], int]:
    """The same work as one CUDA graph: what it reads and writes must stay in its place."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):  # libraries choose their algorithms before the capture
        items = [work() for _ in range(3)][-1]
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        work()

    def replay() -> int:
        graph.replay()
        return items

    return replay


def training(first: Recogniser, words: Tensor, batch: int, *, experiments: bool) -> Procedures:
    """Steps of training over uint8 words [N, 1, H, W], by name; the reference first."""
    device = words.device
    on_host = words.cpu().numpy()
    places = torch.arange(batch, device=device)
    targets = first.tokenizer.encode([WORD] * batch).to(device)

    def from_card() -> Tensor:
        return standardise(words.index_select(0, places), first.config)

    def from_host() -> Tensor:
        gathered = torch.from_numpy(np.take(on_host, np.arange(batch), axis=0))
        if device.type == "cuda":
            gathered = gathered.pin_memory()
        return standardise(gathered.to(device, non_blocking=True), first.config)

    def bound(step: Callable[..., int], images: Callable[[], Tensor], module: nn.Module) -> Callable[[], int]:
        capturable = device.type == "cuda"
        optimizer = Adadelta(module.parameters(), lr=1, rho=0.95, eps=1e-8, capturable=capturable)
        return lambda: step(module, optimizer, images(), targets)

    half = functools.partial(our_step, bfloat16=True)
    procedures = {
        "plain loop, float32, words from the host": bound(plain_step, from_host, PlainRecogniser(first)),
        "htrmodel, float32": bound(our_step, from_host, copy.deepcopy(first)),
        "+ words on the card": bound(our_step, from_card, copy.deepcopy(first)),
        "+ bfloat16": bound(half, from_card, copy.deepcopy(first)),
    }
    if experiments:
        compiled = copy.deepcopy(first)
        compiled.FeatureExtraction.compile()
        procedures["+ torch.compile of the trunk"] = bound(half, from_card, compiled)
        procedures["bfloat16 as a CUDA graph"] = graphed(bound(half, from_card, copy.deepcopy(first)))
        compiled = copy.deepcopy(first)
        compiled.FeatureExtraction.compile()
        procedures["both"] = graphed(bound(half, from_card, compiled))
    return procedures


def reading(recogniser: Recogniser, words: Tensor, batch: int, *, experiments: bool) -> Procedures:
    """Readings of a batch of uint8 words, all 26 steps, by name; the reference first."""
    images = words[:batch]

    def bound(module: nn.Module, *, bfloat16: bool = False) -> Callable[[], int]:
        @torch.inference_mode()
        def read() -> int:
            # A graph must not find casts of an earlier run in autocast's cache.
            with torch.autocast(images.device.type, torch.bfloat16, enabled=bfloat16, cache_enabled=False):
                module(standardise(images, recogniser.config)).softmax(2).max(2)
            return len(images)

        return read

    procedures = {
        "plain module, float32": bound(PlainRecogniser(recogniser)),
        "htrmodel, float32": bound(recogniser),
        "+ bfloat16": bound(recogniser, bfloat16=True),
    }
    if experiments:
        full = functools.partial(recogniser, full_steps=True)
        compiled = copy.deepcopy(recogniser)
        compiled.FeatureExtraction.compile()
        procedures["+ torch.compile of the trunk"] = bound(compiled, bfloat16=True)
        procedures["bfloat16 as a CUDA graph"] = graphed(bound(_Calls(full), bfloat16=True))
        procedures["both"] = graphed(bound(_Calls(functools.partial(compiled, full_steps=True)), bfloat16=True))
    return procedures


class _Calls(nn.Module):
    """A function in the place of a module."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self._function = function

    def forward(self, images: Tensor) -> Tensor:
        return self._function(images)


def limit_of(device: torch.device, passes: int) -> str:
    """What a GPU could do if the full-size recogniser were nothing but products; training is three passes.

    Empty where there is no GPU.
    """
    if device.type != "cuda":
        return ""
    rate = gemm_rate(torch.bfloat16, device) / GFLOP_PER_IMAGE
    return f"limit: bfloat16 products, {rate / passes:,.0f} images/s at full size"


def show(procedures: Procedures, rounds: int, device: torch.device, limit: str) -> None:
    """Times procedures in turn and prints their table, and under it the limit that a GPU has."""

    def clock() -> float:
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return time.perf_counter()

    reference = next(iter(procedures))
    click.echo(table(in_turn(procedures, rounds, clock), reference, "images", "second"))
    if limit:
        click.echo(limit)


@click.command()
@click.option("--device", "name", default="cuda", show_default=True)
@click.option("--rounds", default=10, show_default=True)
@click.option(
    "--batch", default=192, show_default=True, help="Words in a step of training; four times as many to read."
)
@click.option("--tiny", is_flag=True, help="A narrow recogniser and a few words: to see that it runs.")
def main(name: str, rounds: int, batch: int, tiny: bool) -> None:
    """Time training and reading on a GPU beside the plain loop."""
    device = torch.device(name)
    if device.type != "cuda" and not tiny:
        raise click.UsageError(f"{name} is no CUDA device: nothing to measure; give --tiny to see that this runs")
    if device.type == "cuda" and not torch.cuda.is_available():
        raise click.UsageError(f"torch {torch.__version__} finds no GPU here")
    torch.manual_seed(0)
    if tiny:
        rounds, batch = 1, 2
    sizes = {"output_channel": 32, "hidden_size": 16} if tiny else {}
    recogniser = Recogniser(RecogniserConfig(charset=PRINTABLE, **sizes)).to(device)
    words = torch.randint(0, 256, (4 * batch, 1, 32, 100), dtype=torch.uint8, device=device)
    card = torch.cuda.get_device_name(device) if device.type == "cuda" else "no GPU: these figures mean nothing"
    click.echo(f"{card}; {machine('torch')}")
    experiments = device.type == "cuda"
    click.echo(f"\ntraining, batch {batch}\n")
    steps = training(recogniser.train(), words, batch, experiments=experiments)
    show(steps, rounds, device, limit_of(device, passes=3))
    click.echo(f"\nreading, batch {4 * batch}\n")
    reads = reading(recogniser.eval(), words, 4 * batch, experiments=experiments)
    show(reads, rounds, device, limit_of(device, passes=1))


if __name__ == "__main__":
    main()
