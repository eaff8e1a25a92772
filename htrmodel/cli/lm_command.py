"""``htrmodel lm``: a character model of a language, from texts."""

from __future__ import annotations

from pathlib import Path

import click

from htrdata.cli.console import echo


@click.command()
@click.argument("texts", nargs=-1, required=True, metavar="TEXT…", type=click.Path(path_type=Path))
@click.option("--out", required=True, metavar="FILE.lm", type=click.Path(path_type=Path), help="The model.")
@click.option("--order", default=7, show_default=True, type=click.IntRange(1, 12), help="Characters of an n-gram.")
@click.option(
    "--least",
    default=2,
    show_default=True,
    type=click.IntRange(min=1),
    help="Leave out n-grams of more than three characters that come less often: of many texts, for a smaller file.",
)
def lm(texts: tuple[Path, ...], out: Path, order: int, least: int) -> None:
    """Make a character model of texts, for `htrmodel predict` and `htrmodel evaluate` to read with.

    Texts are files in UTF-8, some MB of what the images may say: their language, their time, their kind. It is an
    n-gram model of single words (interpolated Witten-Bell), a file of a few MB. Never take the text of what is read.
    English and French of novels of 1840 to 1920 come with the weights: `--lm english`, `--lm french`.

    \b
    Examples:
      htrmodel lm novels/*.txt --out latin.lm
      htrmodel evaluate --lm latin.lm
    """
    import safetensors.numpy  # noqa: F401 - the file is written with it: it is missed before the work

    from htrdata.files.outputs import check_output
    from htrmodel.language.counting import make_model, read_texts
    from htrmodel.language.model import is_model

    check_output(out, texts, own=is_model)
    words = read_texts(texts)
    model = make_model(words, order, least=least)
    model.save(out)
    echo(
        f"{out}: {len(model.symbols) - 1:,} n-grams of up to {order} characters, of {model.words:,} words, "
        f"{len(words):,} different; {len(model.alphabet)} characters; {out.stat().st_size / 1e6:.1f} MB"
    )
