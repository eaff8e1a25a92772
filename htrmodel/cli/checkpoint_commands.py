"""``htrmodel info`` and ``htrmodel export``: what a checkpoint is, and what it can become."""

from __future__ import annotations

from pathlib import Path

import click

from htrdata.cli.console import echo, print_json
from htrdata.errors import CannotCreateError, UsageError
from htrmodel.cli.foreign_options import ForeignRequest, foreign_options, say_assumed

_HEAD = 1 << 20  # bytes, in which a checkpoint of ours names itself


@click.command()
@click.argument("checkpoint", metavar="CHECKPOINT|starter|starter-fast|starter-lines", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@foreign_options
def info(foreign: ForeignRequest, checkpoint: Path, as_json: bool) -> None:
    """Say what a checkpoint is: ours, a starter, or a .pth of clova's benchmark or AttentionHTR.

    \b
    Examples:
      htrmodel info starter
      htrmodel info AttentionHTR-General-sensitive.pth --json
    """
    from htrmodel.checkpoint.card import told_lines
    from htrmodel.checkpoint.files import read_checkpoint

    found = read_checkpoint(checkpoint, foreign.settings())
    if found.assumed:
        say_assumed(found.assumed)
    parameters = sum(parameter.numel() for parameter in found.build()[0].parameters())
    document = {
        "checkpoint": str(checkpoint),
        "parameters": parameters,
        "config": found.config.to_dict(),
        "assumed": found.assumed or None,
        "versions": dict(found.versions),
        "metrics": dict(found.metrics),
        "data": dict(found.data),
    }
    if as_json:
        print_json(document)
        return
    config = found.config
    charset = config.charset
    echo(f"{config.architecture}, {parameters / 1e6:.1f} million parameters")
    echo(f"charset {charset.name} of {len(charset.characters)}: {charset.characters}")
    echo(f"images {config.height} x {config.width} ({config.resize}), words of up to {config.max_length} characters")
    for table in ("versions", "metrics", "data"):
        for line in told_lines(table, document[table]):
            echo(line)


@click.command()
@click.argument("checkpoint", metavar="CHECKPOINT|starter|starter-fast|starter-lines", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--half", is_flag=True, help="Store the weights of a .safetensors or .onnx in 16 bits: half the size.")
@click.option(
    "--int8",
    "calibrate",
    metavar="STORE",
    type=click.Path(path_type=Path),
    help="Round the trunk of an .onnx to 8 bits, by training words of this store: several times as fast.",
)
@foreign_options
def export(foreign: ForeignRequest, checkpoint: Path, out: Path, half: bool, calibrate: Path | None) -> None:
    """Write a checkpoint in another format, told by the ending of OUT.

    .safetensors is our own, .pth is what clova's benchmark and AttentionHTR load, .onnx is one graph from image to text
    that `htrmodel predict` runs without torch.

    \b
    Examples:
      htrmodel export AttentionHTR-General-sensitive.pth general.safetensors
      htrmodel export general.safetensors general.onnx
      htrmodel export runs/imgur5k/best.safetensors small.safetensors --half
      htrmodel export runs/imgur5k/best.safetensors fast.onnx --int8 lmdb/ --half
    """
    from htrdata.files.outputs import check_output
    from htrmodel.checkpoint.clova import export_clova
    from htrmodel.checkpoint.files import read_checkpoint
    from htrmodel.checkpoint.native import save
    from htrmodel.data.calibration import calibration_inputs
    from htrmodel.runtime.onnx_export import export_onnx

    writers = {".safetensors": save, ".pth": export_clova, ".onnx": export_onnx}
    write = writers.get(out.suffix.lower())
    if write is None:
        raise UsageError(f"{out} ends in none of {', '.join(writers)}: that is how the format is told")
    if half and write is export_clova:
        raise UsageError(f"--half is for .safetensors and .onnx: {out} has one precision")
    if calibrate is not None and write is not export_onnx:
        raise UsageError(f"--int8 is for .onnx: {out} holds floating-point weights")
    found = read_checkpoint(checkpoint, foreign.settings())
    check_output(out, (found.path, *([calibrate] if calibrate is not None else [])), "OUT", _is_export)
    _keep_run(out)
    if found.assumed:
        say_assumed(found.assumed)
    recogniser = found.build()[0]
    recogniser.data = found.data
    if write is save:
        save(recogniser, out, metrics=found.metrics, data=found.data, half=half)
    elif write is export_onnx:
        calibration = None if calibrate is None else calibration_inputs(calibrate, found.config)
        export_onnx(recogniser, out, calibration, half=half)
    else:
        write(recogniser, out)
    echo(out)


def _keep_run(out: Path) -> None:
    """Refuses the weights of a training that goes on from them, or whose result they are.

    Raises:
        CannotCreateError: the file is such.
    """
    if out.exists() and out.name in ("best.safetensors", "last.safetensors") and (out.parent / "state.pt").exists():
        raise CannotCreateError(
            f"{out} is a checkpoint of the training in {out.parent}, and `htrmodel finetune` goes on from there: name "
            "another file with OUT"
        )


def _is_export(path: Path) -> bool:
    """Whether a file may be one that `export` has written: of its kind."""
    from htrmodel.config import ENTRY

    with path.open("rb") as file:
        head = file.read(_HEAD)
    if path.suffix.lower() == ".safetensors":
        return f'"{ENTRY}"'.encode() in head
    return head.startswith(b"PK" if path.suffix.lower() == ".pth" else b"\x08")
