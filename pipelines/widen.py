"""A recogniser with twice the channels and hidden units that reads exactly as before, to train on from.

    python pipelines/widen.py starter-lines --out wide.safetensors

See `htrmodel.checkpoint.widening`.
"""

from __future__ import annotations

from pathlib import Path

import click

from htrdata.cli.console import echo, run

_PATH = click.Path(path_type=Path)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("checkpoint", type=_PATH)
@click.option("--out", required=True, type=_PATH, help="The wider checkpoint.")
@click.option("--seed", default=0, show_default=True, help="Of how weights are shared.")
def main(checkpoint: Path, out: Path, seed: int) -> None:
    """Write a recogniser twice as wide that reads as CHECKPOINT does: a file, or the name of starter weights.

    \b
    Example:
      python pipelines/widen.py starter-lines --out wide.safetensors
    """
    from htrmodel.checkpoint.files import read_checkpoint
    from htrmodel.checkpoint.native import save
    from htrmodel.checkpoint.widening import widen

    start = read_checkpoint(checkpoint)
    wide = widen(start, seed)
    save(wide, out, metrics=start.metrics, data={**start.data, "starter": False})
    before, after = (sum(value.numel() for value in one.parameters()) / 1e6 for one in (start.build()[0], wide))
    echo(f"{out}: {after:.2f} million parameters in the place of {before:.2f}")


if __name__ == "__main__":
    run(main, "python pipelines/widen.py")
