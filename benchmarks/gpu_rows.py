"""The rows of `gpu.py`: each prepares on the CPU, waits to be let go, and measures alone on the GPU."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gpu_places import Measure, Place, Rates, Row

if TYPE_CHECKING:
    import torch


def plain_training(batch: int) -> Callable[[Place], Measure]:
    """The loop of the field: the plain module in single precision, words from the host, the loss asked for."""

    def prepare(place: Place) -> Measure:
        import torch
        from plain_recogniser import PlainRecogniser
        from torch.optim import Adadelta
        from training_step import WORD, plain_step

        size = place.batch(batch)
        module = PlainRecogniser(place.recogniser(512)).train()
        words = torch.randint(0, 256, (size, 1, 32, 100), dtype=torch.uint8)
        targets = module.recogniser.tokenizer.encode([WORD] * size)

        def work() -> Rates:
            module.to(place.device)
            optimizer = Adadelta(module.parameters(), lr=1, rho=0.95, eps=1e-8)

            def step() -> int:
                images = words.pin_memory() if place.device.startswith("cuda") else words
                images = images.to(place.device, non_blocking=True).float().div_(127.5).sub_(1)
                return plain_step(module, optimizer, images, targets.to(place.device))

            return place.rates(step)

        return work

    return prepare


def training(channels: int, batch: int, *, graph: bool, compiled: bool = False) -> Callable[[Place], Measure]:
    """Steps as `finetune` takes them under bfloat16: augmentation, AdamW, one cycle, the average of weights."""

    def prepare(place: Place) -> Measure:
        from random_words import as_task

        recogniser = place.recogniser(channels).train()
        size = place.batch(batch)

        def work() -> Rates:
            from htrmodel.training.stepping import Stepper

            task = as_task(recogniser.to(place.device), size, place.device, cuda_graph=graph, compiled=compiled)
            stepper = Stepper(task)
            stepper.train()
            steps = iter(range(stepper.total_steps))

            def step() -> int:
                stepper.step(next(steps))
                return size

            return place.rates(step)

        return work

    return prepare


def reading(channels: int, batch: int, *, bfloat16: bool, kind: str) -> Callable[[Place], Measure]:
    """All 26 steps of reading a batch: the ``plain`` module, ours as it is, as a ``graph``, or ``folded`` as one."""

    def prepare(place: Place) -> Measure:
        import torch
        from folded import fold
        from plain_recogniser import PlainRecogniser

        from htrmodel.data.batches import standardise
        from htrmodel.recording import Recorded, Recorder

        recogniser = place.recogniser(channels).eval()
        module: torch.nn.Module = recogniser
        if kind in ("plain", "folded"):
            module = PlainRecogniser(recogniser).eval() if kind == "plain" else fold(recogniser)
        more = {} if kind == "plain" else {"full_steps": True}
        size = place.batch(batch)

        def work() -> Rates:
            module.to(place.device)
            images = torch.randint(0, 256, (size, 1, 32, 100), dtype=torch.uint8, device=place.device)
            ids = torch.zeros(size, 26, dtype=torch.int64, device=place.device)

            def read() -> None:
                with torch.inference_mode(), torch.autocast(images.device.type, torch.bfloat16, enabled=bfloat16):
                    ids.copy_(module(standardise(images, recogniser.config), **more).log_softmax(2).max(2)[1])

            recorded = Recorded(read, Recorder(images.device)) if kind in ("graph", "folded") else read

            def once() -> int:
                recorded()
                return size

            return place.rates(once)

        return work

    return prepare


def _whole(name: str, *given: object) -> Callable[[Place], Measure]:
    def prepare(place: Place) -> Measure:
        import whole_commands

        measure: Measure = getattr(whole_commands, name)(place, *given)
        return measure

    return prepare


ROWS = [
    Row("finetune as a whole, full size", "plain loop, float32, host loader", _whole("plain_finetune"), "words"),
    Row("finetune as a whole, full size", "htrmodel finetune", _whole("our_finetune", False), "words", most=45),
    Row("finetune as a whole, full size", "with --cuda-graph", _whole("our_finetune", True), "words", most=45),
    Row("evaluate as a whole, full size", "plain loop, float32, host loader", _whole("plain_evaluate"), "words"),
    Row("evaluate as a whole, full size", "htrmodel evaluate", _whole("our_evaluate"), "words"),
    Row("training, full size, batch 192", "plain loop, float32, words from the host", plain_training(192)),
    Row("training, full size, batch 192", "htrmodel, bfloat16", training(512, 192, graph=False)),
    Row("training, full size, batch 192", "as a CUDA graph", training(512, 192, graph=True)),
    Row("training, full size, batch 512", "htrmodel, bfloat16", training(512, 512, graph=False)),
    Row("training, full size, batch 512", "as a CUDA graph", training(512, 512, graph=True)),
    Row("training, 128/128, batch 1,024", "htrmodel, bfloat16", training(128, 1024, graph=False)),
    Row("training, 128/128, batch 1,024", "as a CUDA graph", training(128, 1024, graph=True)),
    Row("reading, full size, batch 768", "plain module, float32", reading(512, 768, bfloat16=False, kind="plain")),
    Row("reading, full size, batch 768", "htrmodel, float32", reading(512, 768, bfloat16=False, kind="ours")),
    Row("reading, full size, batch 768", "htrmodel, bfloat16", reading(512, 768, bfloat16=True, kind="ours")),
    Row("reading, full size, batch 768", "as a CUDA graph", reading(512, 768, bfloat16=True, kind="graph")),
    Row("reading, full size, batch 768", "+ batch norms folded", reading(512, 768, bfloat16=True, kind="folded")),
    Row(
        "training, full size, batch 512, compiled",
        "as a CUDA graph, convolutions compiled",
        training(512, 512, graph=True, compiled=True),
        least=25,
        most=90,
        compiles=True,
    ),
]
