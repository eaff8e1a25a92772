"""Keeps what a benchmark or an evaluation printed, and puts it into the pages that quote it.

    python benchmarks/record.py build_iam -- python benchmarks/build_iam.py --forms 100     # run, keep, fill in
    python benchmarks/record.py                                                             # fill in alone

What the command printed stands in `benchmarks/results/NAME.md`, below the command and the day; nobody edits it. Only
words of data sets are left out, which are not ours to publish: the list of worst readings. A page
quotes it whole, one of its tables (`NAME 2` is the second), as the terminal showed it (`NAME as printed`), or of
that the paragraph which begins with a word (`NAME difference`), between two comments:

    <!-- measured: build_iam -->
    <!-- end -->

`tests/benchmarks/test_measured.py` compares pages and files.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import click

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks/results"
PAGES = [
    ROOT / "README.md",
    ROOT / "benchmarks/RESULTS.md",
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "htrmodel/alignment/README.md",
    ROOT / "weights/README.md",
    *sorted((ROOT / "weights/htrmodel_weights").glob("*.md")),
]
QUOTED = re.compile(
    r"(?ms)^<!-- measured: (?P<name>[\w-]+)(?: (?P<part>\d+|as printed|[a-z]+))? -->\n.*?^<!-- end -->$"
)


def result(name: str, part: str | None = None) -> str:
    """What a benchmark printed, or a part of it, as Markdown.

    Args:
        name: of the file in `benchmarks/results`, without `.md`.
        part: number of a table, from 1; `as printed` for a block of code; the first word of a paragraph for a block of
            that; None for all.

    Raises:
        ValueError: there is no such file, or no such table or paragraph in it.
    """
    path = RESULTS / f"{name}.md"
    if not path.is_file():
        raise ValueError(f"no {path}: python benchmarks/record.py {name} -- COMMAND makes it")
    body = path.read_text("utf-8").partition("\n\n")[2].strip()
    if part is None:
        return re.sub(r"(?m)^([^|\n].*\n(?=\|)|\|.*\n(?=[^|\n]))", r"\1\n", body)  # blank lines around tables
    if part == "as printed":
        return textwrap.indent(body, "    ")
    if not part.isdecimal():
        if (paragraph := re.search(rf"(?ms)^{part}\b.*?(?=\n\n|\Z)", body)) is None:
            raise ValueError(f"{path} has no paragraph that begins with {part!r}")
        return textwrap.indent(paragraph[0], "    ")
    tables = re.findall(r"(?m)(?:^\|.*(?:\n|\Z))+", body)
    if not 1 <= int(part) <= len(tables):
        raise ValueError(f"{path} has {len(tables)} tables, none is number {part}")
    return str(tables[int(part) - 1]).strip()


def filled(page: str) -> str:
    """The text of a page with what was measured in the places that quote it."""

    def quote(match: re.Match[str]) -> str:
        head = match[0].partition("\n")[0]
        return f"{head}\n\n{result(match['name'], match['part'])}\n\n<!-- end -->"

    return QUOTED.sub(quote, page)


def without_words(printed: str) -> str:
    """What `htrmodel evaluate` printed, without the paragraphs that show words of the data set with their ids."""
    return re.sub(r"(?ms)^worst readings.*?(?:\n\n|\Z)", "", printed)


def run(command: list[str]) -> str:
    """What a command prints, shown as it comes, errors apart; where it fails, this process ends with its exit code."""
    lines: list[str] = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            sys.stdout.write(line)
            lines.append(line)
    if process.returncode:
        sys.exit(process.returncode)
    return "".join(lines)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("name", required=False)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def main(name: str | None, command: tuple[str, ...]) -> None:
    """Run COMMAND, keep what it prints as NAME, and fill in the pages that quote it."""
    if name is not None:
        if not command:
            raise click.UsageError(f"what shall be kept as {name}? python benchmarks/record.py {name} -- COMMAND")
        printed = run(list(command))
        RESULTS.mkdir(exist_ok=True)
        head = f"`{shlex.join(command)}`, {time.strftime('%Y-%m-%d')}"
        (RESULTS / f"{name}.md").write_text(f"{head}\n\n{without_words(printed).strip()}\n", "utf-8")
    for page in PAGES:
        text = page.read_text("utf-8")
        if (new := filled(text)) != text:
            page.write_text(new, "utf-8")
            click.echo(f"filled in: {page.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
