"""The option for what reads an ``.onnx``: the same for every command that reads one."""

from __future__ import annotations

import click

runtime_option = click.option(
    "--runtime",
    type=click.Choice(["onnxruntime", "openvino"]),
    help="What reads an .onnx; openvino is faster on most CPUs.  [default: onnxruntime]",
)
