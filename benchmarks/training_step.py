"""A step of training on the CPU: ours beside the plain loop of the field, with the full-size recogniser.

The reference, written anew from its description, is the plain module in single precision: in every step of the
decoder it projects the features and makes one-hot vectors, and it asks for the loss after every batch. Ours is
`htrmodel.training.stepping`'s step without the choice of words. All start from the same weights and use Adadelta.

    python benchmarks/training_step.py [--batch 16] [--rounds 8]
    python benchmarks/training_step.py --channels 128 --batch 64        # as wide as the starter weights

Rates are per CPU-second of one thread, which other work on the machine changes little; with --threads 2, per second.
"""

from __future__ import annotations

import copy
import functools
import time
from collections.abc import Callable

import click
import torch
from gemm import shown_limit
from plain_recogniser import PlainRecogniser
from timing import in_turn, machine, table
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import Adadelta

from htrdata.labels import PRINTABLE
from htrmodel.config import RecogniserConfig
from htrmodel.recogniser import Recogniser
from htrmodel.training.loss import attention_loss

WORD = "handwriting"
"""Of a length that longest words of batches have; what it says does not change what a step costs."""


def plain_step(module: nn.Module, optimizer: Adadelta, images: Tensor, targets: Tensor) -> int:
    """The reference: forward, loss, backward, clip, update, and the loss as a number."""
    logits = module(images, targets)
    loss = functional.cross_entropy(logits.view(-1, logits.shape[-1]), targets[:, 1:].reshape(-1), ignore_index=0)
    module.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(module.parameters(), 5)
    optimizer.step()
    assert loss.item() > 0
    return len(images)


def our_step(
    module: Recogniser, optimizer: Adadelta, images: Tensor, targets: Tensor, *, bfloat16: bool = False
) -> int:
    """What `htrmodel.training.stepping.Stepper` does with a batch."""
    with torch.autocast(images.device.type, torch.bfloat16, enabled=bfloat16):
        logits = module(images, targets)
    loss = attention_loss(logits, targets)
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(module.parameters(), 5)
    optimizer.step()
    return len(images)


@click.command()
@click.option("--threads", default=1, show_default=True)
@click.option("--batch", default=16, show_default=True, help="Words in a step; the field takes 192.")
@click.option("--rounds", default=8, show_default=True)
@click.option(
    "--channels", default=512, show_default=True, help="Of the features; half of it, and at least 128, in the LSTMs."
)
def main(threads: int, batch: int, rounds: int, channels: int) -> None:
    """Time a step of training beside the plain loop."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    config = RecogniserConfig(charset=PRINTABLE, output_channel=channels, hidden_size=max(128, channels // 2))
    first = Recogniser(config).train()
    images = torch.rand(batch, 1, config.height, config.width) * 2 - 1
    targets = first.tokenizer.encode([WORD] * batch)
    reference = "plain loop, float32"

    def bound(step: Callable[..., int], module: nn.Module) -> Callable[[], int]:
        optimizer = Adadelta(module.parameters(), lr=1, rho=0.95, eps=1e-8)
        return functools.partial(step, module, optimizer, images, targets)

    procedures = {
        reference: bound(plain_step, PlainRecogniser(first)),
        "htrmodel, float32": bound(our_step, copy.deepcopy(first)),
        "htrmodel, bfloat16 (autocast)": bound(functools.partial(our_step, bfloat16=True), copy.deepcopy(first)),
    }
    clock, second = (time.process_time, "CPU-second") if threads == 1 else (time.perf_counter, "second")
    timed = in_turn(procedures, rounds, clock)
    click.echo(f"batch {batch}, {channels} channels, threads: {threads}; {machine('torch')}")
    click.echo(table(timed, reference, "images", second))
    if channels == 512:
        for dtype in (torch.float32, torch.bfloat16):
            click.echo(shown_limit(dtype, passes=3))


if __name__ == "__main__":
    main()
