"""``htrmodel push`` and ``htrmodel pull``: weights to Hugging Face's hub, and from there, each with its card."""

from __future__ import annotations

from pathlib import Path

import click

from htrdata.cli.console import echo


@click.command()
@click.argument("checkpoint", metavar="CHECKPOINT|starter|starter-fast|starter-lines", type=click.Path(path_type=Path))
@click.argument("repo", metavar="OWNER/NAME")
@click.option("--private", is_flag=True, help="Make a new repository for its owner alone.")
@click.option("--licence", metavar="ID", help="The terms of the weights, as SPDX has them in lower case: cc-by-4.0.")
def push(checkpoint: Path, repo: str, private: bool, licence: str | None) -> None:
    """Publish a checkpoint with its card on Hugging Face's hub.

    The card is the file beside it that ends in .md, else what `htrmodel info` tells. You must be logged in by `hf auth
    login`, or have HF_TOKEN set; HF_ENDPOINT names another server.

    \b
    Examples:
      htrmodel push runs/letters/best.safetensors my-name/my-hand --private
      htrmodel push best.safetensors my-name/my-hand --licence cc-by-4.0
    """
    from htrmodel.checkpoint.hub import push as published

    done = published(checkpoint, repo, private=private, licence=licence)
    echo(f"{done.repo} at {done.commit}: {done.path} with its card")


@click.command()
@click.argument("repo", metavar="OWNER/NAME")
@click.option("--out", type=click.Path(path_type=Path), help="The file that it becomes.  [default: NAME.safetensors]")
@click.option("--revision", metavar="REVISION", help="A branch, tag or commit.  [default: the newest]")
def pull(repo: str, out: Path | None, revision: str | None) -> None:
    """Fetch a checkpoint with its card from Hugging Face's hub. It is proved before it has its name.

    \b
    Examples:
      htrmodel pull my-name/my-hand
      htrmodel predict crops/ --checkpoint my-hand.safetensors
      htrmodel pull my-name/my-hand --revision v2 --out second.safetensors
    """
    from htrmodel.checkpoint.hub import pull as fetched

    done = fetched(repo, out, revision=revision)
    echo(f"{done.path} and its card: {done.repo} at {done.commit}")
