"""The character models that come with the starter weights: from clones of ELTeC's novels to one file each.

    python pipelines/languages.py ELTeC-fra --out french.lm
    python pipelines/languages.py ELTeC-eng --out english.lm --leave-out ENG18952

ELTeC, the European Literary Text Collection (https://github.com/COST-ELTeC), has up to a hundred novels each of many
languages, of 1840 to 1920, in TEI; their texts are in the public domain. `htrmodel lm` makes a model of plain texts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

import click

from htrdata.cli.console import echo, run
from htrdata.errors import BadDataError, SourceMissingError
from htrdata.records.counting import plural

TEI = "{http://www.tei-c.org/ns/1.0}"
_BLOCKS = {f"{TEI}{name}" for name in ("p", "l", "head")}
_NOTES = {f"{TEI}note", f"{TEI}ref"}
_PATH = click.Path(path_type=Path)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("corpus", type=_PATH)
@click.option("--out", required=True, metavar="FILE.lm", type=_PATH, help="The model.")
@click.option(
    "--leave-out", multiple=True, metavar="ID", help="A novel, by how its file's name begins; may be repeated."
)
@click.option("--order", default=6, show_default=True, help="Characters of an n-gram.")
@click.option("--least", default=40, show_default=True, help="Longer n-grams that come less often are left out.")
def main(corpus: Path, out: Path, leave_out: tuple[str, ...], order: int, least: int) -> None:
    """Make a character model of the novels of CORPUS, a clone of one of ELTeC's repositories.

    \b
    Example:
      python pipelines/languages.py ELTeC-deu --out german.lm
    """
    from htrmodel.language.counting import count_words, make_model

    words: Counter[str] = Counter()
    novels = [path for path in find_novels(corpus) if not path.name.startswith(leave_out)]
    for path in novels:
        words += count_words("\n".join(paragraphs(path)))
    model = make_model(words, order, least=least)
    model.save(out)
    echo(f"{out}: {model.words:,} words of {plural(len(novels), 'novel')}, {out.stat().st_size / 1e6:.1f} MB")


def find_novels(corpus: Path) -> list[Path]:
    """The TEI files of a corpus, by name.

    Raises:
        SourceMissingError: there are none.
    """
    novels = sorted(corpus.glob("level1/*.xml"))
    if not novels:
        raise SourceMissingError(f"there are no novels (level1/*.xml) in {corpus}: name a clone of an ELTeC repository")
    return novels


def paragraphs(path: Path) -> Iterator[str]:
    """The paragraphs, lines of verse and headings of a novel in TEI, in order, without notes.

    Raises:
        BadDataError: the file is damaged or has no text.
    """
    from htrdata.sources.xml.tree import read_tree

    text = read_tree(path.read_bytes(), str(path)).find(f"{TEI}text")
    if text is None:
        raise BadDataError(f"{path} has no <text>: it is no novel in TEI")
    yield from _blocks(text)


def _blocks(element: Element) -> Iterator[str]:
    for child in element:
        if child.tag in _BLOCKS:
            yield " ".join("".join(_strings(child)).split())
        elif child.tag not in _NOTES:
            yield from _blocks(child)


def _strings(element: Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        if child.tag not in _NOTES:
            yield from _strings(child)
        yield child.tail or ""


if __name__ == "__main__":
    run(main, "python pipelines/languages.py")
