"""Reading on the CPU with the full-size recogniser: torch, ONNX Runtime and OpenVINO beside the plain module.

The reference, written anew from its description, is the plain module in single precision that always takes all 26
steps of the decoder. Weights are drawn, so nothing that is read here ends early: all procedures take 26 steps. What
is timed is from inputs to classes; decoding image files is timed in `training_reader.py`.

    python benchmarks/reading.py [--threads 2] [--rounds 5]

With --threads 1 rates are per CPU-second, which other work on the machine hardly changes; otherwise per second.
"""

from __future__ import annotations

import functools
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
import torch
from gemm import shown_limit
from numpy.typing import NDArray
from plain_recogniser import PlainRecogniser
from timing import in_turn, machine, table
from torch import nn

from htrdata.labels import PRINTABLE
from htrmodel.config import RecogniserConfig
from htrmodel.recogniser import Recogniser
from htrmodel.runtime.exported import ExportedRecogniser
from htrmodel.runtime.onnx_export import export_onnx
from htrmodel.runtime.onnx_runner import OnnxRecogniser
from htrmodel.runtime.openvino_runner import OpenVinoRecogniser

REFERENCE = "reference: plain module, 26 steps"

Inputs = NDArray[np.float32]
Read = Callable[[Inputs], object]


def drawn_recogniser(channels: int) -> Recogniser:
    """A recogniser with drawn weights, whose batch norms have seen noise."""
    torch.manual_seed(0)
    config = RecogniserConfig(charset=PRINTABLE, output_channel=channels, hidden_size=channels // 2)
    recogniser = Recogniser(config).train()
    with torch.no_grad():
        for _ in range(4):
            recogniser.encode(torch.from_numpy(noise(16, config)))
    return recogniser.eval()


def noise(count: int, config: RecogniserConfig) -> Inputs:
    """Inputs that are nobody's handwriting."""
    drawn = np.random.default_rng(0).random((count, 1, config.height, config.width), np.float32)
    return drawn * np.float32(2) - np.float32(1)


def torch_reader(module: nn.Module, *, bfloat16: bool = False) -> Read:
    """Reads as `Recogniser.read` does."""

    @torch.inference_mode()
    def read(inputs: Inputs) -> object:
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            return module(torch.from_numpy(inputs)).softmax(2).max(2)

    return read


def exported_readers(recogniser: Recogniser, folder: Path, threads: int) -> dict[str, Read]:
    """The exported recogniser in single precision and in 8 bits, in both runtimes."""
    readers: dict[str, Read] = {}
    for name, calibration in (("float32", None), ("int8", noise(64, recogniser.config))):
        path = folder / f"{name}.onnx"
        export_onnx(recogniser, path, calibration)
        runtimes: dict[str, type[ExportedRecogniser]] = {"ONNX Runtime": OnnxRecogniser, "OpenVINO": OpenVinoRecogniser}
        for runtime, kind in runtimes.items():
            readers[f"htrmodel, {runtime}, {name}"] = kind(path, threads).best_classes  # type: ignore[arg-type]
    return readers


@click.command()
@click.option("--threads", default=torch.get_num_threads(), show_default=True)
@click.option("--rounds", default=5, show_default=True)
@click.option("--channels", default=512, show_default=True, help="Of the features; half of it in the LSTMs.")
def main(threads: int, rounds: int, channels: int) -> None:
    """Time reading beside the plain module."""
    torch.set_num_threads(threads)
    recogniser = drawn_recogniser(channels)
    readers = {
        REFERENCE: torch_reader(PlainRecogniser(recogniser)),
        "htrmodel, torch, float32": torch_reader(recogniser),
        "htrmodel, torch, bfloat16 (autocast)": torch_reader(recogniser, bfloat16=True),
    }
    with tempfile.TemporaryDirectory(prefix="bench-reading-") as folder:
        readers |= exported_readers(recogniser, Path(folder), threads)
    clock, second = (time.process_time, "CPU-second") if threads == 1 else (time.perf_counter, "second")
    click.echo(f"{threads} threads; {machine('torch', 'onnxruntime', 'openvino')}")
    for batch in (1, 32):
        inputs = noise(batch, recogniser.config)

        def repeat(read: Read, inputs: Inputs = inputs, times: int = max(1, 8 // batch)) -> int:
            for _ in range(times):
                read(inputs)
            return times * len(inputs)

        timed = in_turn({name: functools.partial(repeat, read) for name, read in readers.items()}, rounds, clock)
        click.echo(f"\nbatch {batch}\n\n{table(timed, REFERENCE, 'images', second)}")
    if channels == 512:
        for dtype in (torch.float32, torch.bfloat16, torch.int8):
            click.echo(shown_limit(dtype))


if __name__ == "__main__":
    main()
