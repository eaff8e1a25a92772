"""What data sets of ten million and of a thousand million words cost: computed from what the benchmarks measured.

    python benchmarks/scale_costs.py

Nothing is timed here: rates, bytes and memory are those of the tables in `benchmarks/results/`, which
`benchmarks/record.py` keeps. `tests/benchmarks/test_scale_costs.py` computes them again, so that a table that was
measured anew makes this one be recorded anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import click
from record import result

TEN_MILLION, BILLION = 10**7, 10**9
WORKS = {
    "pages of 4 megapixels with 21 words, as Imgur5K's": ("build_imgur5k", "htrdata imgur5k, default options"),
    "words with PNGs of their own, as IAM's": ("build_iam", "htrdata iam, default options"),
    "drawn words (`htrdata synth`)": ("draw_words", "htrdata synth --workers 1"),
}
"""By what the words are: where their rate stands, and in which row."""
IN_TURN = ("plan", "copies", "manifest", "report", "publication")
"""Steps of the head that wait for each other; shards are joined by all of its cores."""
_GIGABIT = 1e9 / 8


@dataclass(frozen=True, slots=True)
class Head:
    """What a word costs whoever plans, joins and publishes, in µs of the CPU.

    Attributes:
        all: all steps.
        in_turn: those that are done one after the other.
    """

    all: float
    in_turn: float


def rows(name: str, table: int) -> list[dict[str, str]]:
    """A table of a result: for each row its cells by the heads of the columns."""
    head, _, *lines = (
        [cell.strip() for cell in line.strip("|").split("|")] for line in result(name, str(table)).splitlines()
    )
    return [dict(zip(head, line, strict=True)) for line in lines]


def number(cell: str) -> float:
    """The first number of a cell: `4,376 (4,179–4,577)` is 4376."""
    return float(cell.split()[0].replace(",", ""))


def cost(name: str, procedure: str) -> float:
    """What a word takes of the CPU, in µs."""
    (row,) = (row for row in rows(name, 1) if row["procedure"] == procedure)
    return 1e6 / number(row["words per CPU-second"])


def head() -> Head:
    """Of the largest build whose head was timed."""
    row = rows("joining", 1)[-1]
    return Head(number(row["all of the head, µs a word"]), sum(number(row[step]) for step in IN_TURN))


def memory(step: str) -> float:
    """Bytes of anonymous memory that each word more takes in a step, from a hundred thousand words to a million."""
    found = {
        number(row["words"]): number(row["anonymous, MiB"]) for row in rows("constant_memory", 1) if row["step"] == step
    }
    (most, at_most), (fewer, at_fewer) = sorted(found.items(), reverse=True)[:2]
    return (at_most - at_fewer) * 2**20 / (most - fewer)


def cpu(what: str, each: float) -> str:
    """A row: the CPU that words take, each so many µs."""
    hours = (f"{rounded(words * each / 3.6e9)} core-hours" for words in (TEN_MILLION, BILLION))
    return f"| {what}: CPU | {each / 1000:.2g} ms | {' | '.join(hours)} |"


def disk(what: str, each: float) -> str:
    """A row: what words take on a disk, or of a network, each so many bytes."""
    gigabytes, terabytes = TEN_MILLION * each / 1e9, BILLION * each / 1e12
    return f"| {what} | {each / 1e3:.1f} kB | {rounded(gigabytes)} GB | {rounded(terabytes)} TB |"


def rounded(value: float) -> str:
    """Two digits where it is small."""
    return f"{value:.2g}" if value < 10 else f"{value:,.0f}"


def costs() -> Iterator[str]:
    """The rows of the first table."""
    yield "| | a word | 10 million words | 1,000 million words |\n|---|---|---|---|"
    for what, place in WORKS.items():
        yield cpu(what, cost(*place))
    yield cpu("of these on the head: plan, joining, report", head().all)
    photographs, *others = rows("store_sizes", 1)
    store, parts = (number(photographs[f"{what}, bytes a word"]) for what in ("store", "parts"))
    for row in (photographs, *others):
        title = f"{row['words of']}, at most {row['as high as, at most']} high"
        yield disk(f"store on the disk: {title}", number(row["store, bytes a word"]))
    yield disk("parts, until they are joined (photographs)", parts)
    network = store + 2 * parts
    yield disk("over the network (photographs), without the pages: parts twice, shards once", network)
    hours = (f"{rounded(words * network / _GIGABIT / 3600)} hours" for words in (TEN_MILLION, BILLION))
    yield f"| the same at a gigabit a second | | {' | '.join(hours)} |"
    for what, step in (("the head", "build"), ("`htrdata verify`", "verify")):
        each = memory(step)
        yield f"| memory of {what}, in one data set | {each / 1e3:.2g} kB | {TEN_MILLION * each / 1e9:.1f} GB | |"


def bottlenecks() -> Iterator[str]:
    """The rows of the second table."""
    yield "| | parts, µs a word | the head, one step after the other | cores that build parts as fast |"
    yield "|---|---|---|---|"
    for what, place in WORKS.items():
        parts = cost(*place) - head().all
        yield f"| {what} | {parts:,.0f} | {head().in_turn:.0f} | {parts / head().in_turn:.0f} |"


def main() -> None:
    """Print what is computed."""
    click.echo("\n".join(costs()))
    click.echo()
    click.echo("\n".join(bottlenecks()))


if __name__ == "__main__":
    main()
