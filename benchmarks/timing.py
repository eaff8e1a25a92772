"""Times procedures against each other in one run: in turn, so that a drifting machine hits all alike."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version


@dataclass(frozen=True, slots=True)
class Timed:
    """Rates of one procedure, a figure per round.

    Attributes:
        name: what was timed.
        rates: items per CPU-second of this process and its children.
    """

    name: str
    rates: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle rate."""
        return statistics.median(self.rates)


def _cpu_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def in_turn(procedures: dict[str, Callable[[], int]], rounds: int) -> list[Timed]:
    """Runs each procedure once per round, after a round that does not count.

    Args:
        procedures: by name; each returns how many items it worked on.
        rounds: how many count.
    """
    rates: dict[str, list[float]] = {name: [] for name in procedures}
    for number in range(rounds + 1):
        for name, procedure in procedures.items():
            before = _cpu_seconds()
            items = procedure()
            if number:
                rates[name].append(items / (_cpu_seconds() - before))
    return [Timed(name, tuple(found)) for name, found in rates.items()]


def table(timed: list[Timed], reference: str, unit: str) -> str:
    """Markdown: rate of each procedure (median, lowest and highest), and its ratio to the reference round by round."""
    base = next(procedure for procedure in timed if procedure.name == reference)
    lines = [f"| procedure | {unit} per CPU-second | beside the reference |", "|---|---|---|"]
    for procedure in timed:
        ratios = sorted(a / b for a, b in zip(procedure.rates, base.rates, strict=True))
        spread = f"{min(procedure.rates):,.0f}–{max(procedure.rates):,.0f}"
        ratio = f"{statistics.median(ratios):.1f}× ({ratios[0]:.1f}–{ratios[-1]:.1f})"
        lines.append(f"| {procedure.name} | {procedure.median:,.0f} ({spread}) | {ratio} |")
    return "\n".join(lines)


def machine(*libraries: str) -> str:
    """One line on the machine and the versions of what was timed."""
    versions = ", ".join(f"{library} {version(library)}" for library in libraries)
    python = platform.python_version()
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {python}, {versions}; {time.strftime('%Y-%m-%d')}"
