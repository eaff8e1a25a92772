"""Times procedures against each other in one run: in turn, so that a drifting machine hits all alike."""

from __future__ import annotations

import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version


@dataclass(frozen=True, slots=True)
class Timed:
    """Rates of one procedure, a figure per round.

    Attributes:
        name: what was timed.
        rates: items per second of the clock.
    """

    name: str
    rates: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle rate."""
        return statistics.median(self.rates)


def cpu_seconds() -> float:
    """What this process and its children have spent of the CPU."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def in_turn(
    procedures: Mapping[str, Callable[[], int]], rounds: int, clock: Callable[[], float] = cpu_seconds
) -> list[Timed]:
    """Runs each procedure once per round, after a round that does not count.

    Args:
        procedures: by name; each returns how many items it worked on.
        rounds: how many count.
        clock: seconds; `time.perf_counter` where several cores shall count as one machine.
    """
    rates: dict[str, list[float]] = {name: [] for name in procedures}
    for number in range(rounds + 1):
        for name, procedure in procedures.items():
            before = clock()
            items = procedure()
            if number:
                rates[name].append(items / (clock() - before))
    return [Timed(name, tuple(found)) for name, found in rates.items()]


def table(timed: list[Timed], reference: str, unit: str, second: str = "CPU-second") -> str:
    """Markdown: rate of each procedure (median, lowest and highest), and its ratio to the reference round by round."""
    base = next(procedure for procedure in timed if procedure.name == reference)
    lines = [f"| procedure | {unit} per {second} | beside the reference |", "|---|---|---|"]
    for procedure in timed:
        ratios = sorted(a / b for a, b in zip(procedure.rates, base.rates, strict=True))
        middle, low, high = (rounded(rate) for rate in (procedure.median, min(procedure.rates), max(procedure.rates)))
        times, least, most = (rounded(ratio, 10) for ratio in (statistics.median(ratios), ratios[0], ratios[-1]))
        lines.append(f"| {procedure.name} | {middle} ({low}–{high}) | {times}× ({least}–{most}) |")
    return "\n".join(lines)


def rounded(value: float, whole: float = 100) -> str:
    """A number as text: three digits where a value is small, no decimals from `whole` on."""
    return f"{value:,.0f}" if value >= whole else f"{value:.3g}"


def machine(*libraries: str) -> str:
    """One line on the machine and the versions of what was timed."""
    versions = ", ".join(f"{library} {version(library)}" for library in libraries)
    python = platform.python_version()
    return f"{os.cpu_count()} cores, {platform.machine()}, Python {python}, {versions}; {time.strftime('%Y-%m-%d')}"
