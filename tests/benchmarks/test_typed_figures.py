"""Figures are not typed into pages: they are quoted of what a benchmark printed, or it is said here why not."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

record = importlib.import_module("record")

COMPARED = "another test compares them with files"
DEFINED = "no measurement: numbers of a format, of exit codes, of versions, of definitions"
COUNTED = "counted by eye, or in runs of hours, and said to be"
TRAINED = "of a training or experiment that is over, put down by hand, as the card says"

TABLES = {
    ("README.md", "held out"): COMPARED,
    ("benchmarks/RESULTS.md", "work"): COMPARED,
    ("docs/commands.md", "exit code"): DEFINED,
    ("docs/format.md", "column"): DEFINED,
    ("docs/neighbours.md", "library"): DEFINED,
    ("docs/protocol.md", "figure"): DEFINED,
    ("docs/pages.md", ""): COUNTED,
    ("docs/reliability.md", "fault"): COUNTED,
    ("docs/reliability.md", "inputs"): COUNTED,
    ("weights/htrmodel_weights/languages.md", "name"): "what the commands below it print of the files",
    ("weights/htrmodel_weights/starter-fast.md", "stage"): TRAINED,
    ("weights/htrmodel_weights/starter-fast.md", "step of stage 4"): TRAINED,
    ("weights/htrmodel_weights/starter-lines.md", "corpus"): TRAINED,
    ("weights/htrmodel_weights/starter-lines.md", "step"): TRAINED,
    ("weights/htrmodel_weights/starter-lines.md", "folder"): TRAINED,
    ("weights/htrmodel_weights/starter.md", "stage"): TRAINED,
    ("weights/htrmodel_weights/starter.md", "corpus of stage 6"): TRAINED,
    ("weights/htrmodel_weights/starter.md", "step"): TRAINED,
    ("weights/htrmodel_weights/starter.md", "step of stage 3"): TRAINED,
    ("weights/htrmodel_weights/starter.md", "step of stage 4"): TRAINED,
    ("weights/htrmodel_weights/starter.md", "left out"): TRAINED,
}
"""Tables of figures that are typed: the page, the first cell of the head, and why."""

SENTENCES = {
    ("benchmarks/RESULTS.md", "goal"): "what was aimed at",
    ("benchmarks/RESULTS.md", "pieces of 8 MiB"): DEFINED,
    ("docs/archive.md", "80, 10 and 10 %"): DEFINED,
    ("docs/pages.md", "is\nat most 5 MB"): DEFINED,
    ("docs/pages.md", "*Which words were lost?*"): COUNTED,
    ("htrmodel/alignment/README.md", "a margin of 6 %"): DEFINED,
}
"""Paragraphs with typed figures: the page, what they contain, and why."""

_CELL = re.compile(r"[-+−~]?\d")
_LAST_IS_NUMBER = re.compile(r"\S.*\s{2,}[-+]?\d[\d.,]*%?(?: \[[^]]+\])?$")
_UNIT = (
    r"(?:%|×|(?:ms|µs|[kMG]B|[MG]iB|s|min|images/s|points|minutes?|hours?|CPU-seconds?|seconds?)\b"
    r"|(?:words|lines|images|pages) a (?:CPU-)?second|times as)"
)
_FIGURE = re.compile(rf"(?<![\w.,/:=-])(?:\d[\d,.]*\d|\d)\s?{_UNIT}|(?:CER|WER|accuracy)\s(?:of\s)?\d")
_MARKED = re.compile(r"<!-- figures: (?P<names>[\w ]+) -->\n(?P<paragraph>(?:.+\n?)+)")


def outside(page: str) -> str:
    """A page without what is quoted of results."""
    return str(record.QUOTED.sub("", page))


def typed_tables(page: str) -> Iterator[str]:
    """The first cell of the head of each table with figures."""
    for table in re.findall(r"(?m)(?:^\|.*\n?)+", outside(page)):
        head, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines())
        if any(_CELL.match(cell) for row in rows for cell in row):
            yield head[0]


def typed_blocks(page: str) -> Iterator[str]:
    """The first line of each block of output with figures; sessions are run by tests, or it is said why not."""
    for block in re.findall(r"(?m)(?:^    .*\n?|^\n(?=    ))+", outside(page)):
        lines = block.strip("\n").splitlines()
        if not lines[0].startswith("    $ ") and sum(bool(_LAST_IS_NUMBER.search(line)) for line in lines) > 1:
            yield lines[0].strip()


def typed_paragraphs(page: str) -> Iterator[str]:
    """Each paragraph with a figure and its unit, unless it says of which results its figures are."""
    text = re.sub(r"(?ms)^```.*?^```$|^\|.*?$|^    .*?$|<(?!!)[^>]*>|<!-- not run: .*? -->", "", outside(page))
    text = text.replace("95 % interval", "")
    for paragraph in re.split(r"\n\s*\n", text):
        if _FIGURE.search(paragraph) and not _MARKED.search(paragraph):
            yield paragraph.strip()


@pytest.mark.parametrize("page", record.PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_page_has_typed_tables_or_blocks(page: Path) -> None:
    text, name = page.read_text("utf-8"), str(page.relative_to(ROOT))
    allowed = {head for of, head in TABLES if of == name}
    assert set(typed_tables(text)) == allowed, "benchmarks/record.py quotes tables; others need a reason here"
    assert list(typed_blocks(text)) == []
    if TRAINED in {TABLES[name, head] for head in allowed}:
        assert "by hand" in text


@pytest.mark.parametrize(
    "page", [page for page in record.PAGES if page.parent.name != "htrmodel_weights"], ids=lambda page: page.name
)
def test_no_page_has_typed_figures_in_sentences(page: Path) -> None:
    text, name = page.read_text("utf-8"), str(page.relative_to(ROOT))
    allowed = [phrase for of, phrase in SENTENCES if of == name]
    typed = list(typed_paragraphs(text))
    assert [one for one in typed if not any(phrase in one for phrase in allowed)] == []
    assert [phrase for phrase in allowed if not any(phrase in one for one in typed)] == []


def marked() -> Iterator[tuple[str, list[str], list[str]]]:
    """Each paragraph that says of which results its figures are: its page, the results and the figures."""
    for page in record.PAGES:
        for match in _MARKED.finditer(page.read_text("utf-8")):
            figures = re.findall(r"(?<![\w.,/:-])\d[\d,.]*\d", match["paragraph"])
            yield page.name, match["names"].split(), figures


def test_figures_of_sentences_stand_in_the_results_that_are_named() -> None:
    found = list(marked())
    assert len(found) >= 3
    for page, names, figures in found:
        measured = "\n".join(record.result(name) for name in names)
        assert figures, page
        for figure in figures:
            assert re.search(rf"(?<![\d,.]){re.escape(figure)}(?!\d|[,.]\d)", measured), f"{page}: {figure} of {names}"


@pytest.mark.parametrize(
    ("page", "tables", "blocks", "paragraphs"),
    [
        ("| a | CER |\n|---|---|\n| x | 4.4 [3, 5] |\n", ["a"], [], 0),
        ("| a | b |\n|---|---|\n| PAGE 2019 | H100 |\n", [], [], 0),
        ("<!-- measured: gpu 1 -->\n\n| a | b |\n|---|---|\n| x | 4 |\n\n<!-- end -->\n", [], [], 0),
        ("Printed:\n\n    read    3.5 [1, 2]\n    build   4.7\n", [], ["read    3.5 [1, 2]"], 0),
        ("    $ htrdata info\n    words    12\n    pages    3\n", [], [], 0),
        ("    htrdata synth --words 12\n    htrdata synth --words 14\n", [], [], 0),
        ("It takes 12,500 words a second.\n\nThen 0.3 s.\n", [], [], 2),
        ("That is 1.7× as much, with\nCER 4.4 after it.\n", [], [], 1),
        ("Images are 100 columns wide, as in format 2; Python 3.11 or newer, 95 % intervals.\n", [], [], 0),
        ("<!-- figures: gpu -->\nIt reads 29,764 images/s.\n\nOthers 5 images/s.\n", [], [], 1),
        ('<img src="a.png" width="32%">\n', [], [], 0),
        ("<!-- not run: it takes 97 s -->\n", [], [], 0),
        ("```python\nwait = 3  # 3 s\n```\n", [], [], 0),
    ],
)
def test_what_is_typed_is_found(page: str, tables: list[str], blocks: list[str], paragraphs: int) -> None:
    assert (list(typed_tables(page)), list(typed_blocks(page))) == (tables, blocks)
    assert len(list(typed_paragraphs(page))) == paragraphs
