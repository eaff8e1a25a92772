"""What a row of `gpu.py` is, where it runs, and how it is measured there."""

from __future__ import annotations

import json
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from htrmodel.recogniser import Recogniser

Rates = list[float]
Measure = Callable[[], Rates]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a row runs, and how large it is.

    Attributes:
        device: of torch.
        tiny: narrow recognisers and few words, to see that it runs.
        store: of drawn words; it may still be in the making.
    """

    device: str
    tiny: bool
    store: Path

    @property
    def stored_words(self) -> int:
        """How many words the store has, in all splits."""
        return 60 if self.tiny else 40_000

    def batch(self, words: int) -> int:
        """That many words, or a few."""
        return 2 if self.tiny else words

    def recogniser(self, channels: int) -> Recogniser:
        """One with new weights, on the CPU; the hidden size is half of the channels, and at least 128."""
        import torch

        from htrdata.labels import PRINTABLE
        from htrmodel.config import RecogniserConfig
        from htrmodel.recogniser import Recogniser

        torch.manual_seed(0)
        hidden = max(128, channels // 2)
        sizes = (32, 16) if self.tiny else (channels, hidden)
        return Recogniser(RecogniserConfig(charset=PRINTABLE, output_channel=sizes[0], hidden_size=sizes[1]))

    def clock(self) -> float:
        """Seconds, when the device has done all that it was given."""
        import torch

        if self.device.startswith("cuda"):
            torch.cuda.synchronize()
        return time.perf_counter()

    def rates(self, work: Callable[[], int], seconds: float = 3.0, blocks: int = 5, warm_up: int = 8) -> Rates:
        """Items a second of some blocks of work, each as long as the other."""
        for _ in range(2 if self.tiny else warm_up):
            work()
        begin = self.clock()
        work()
        once = self.clock() - begin
        times = 1 if self.tiny else max(2, round(seconds / blocks / once))
        rates = []
        for _ in range(1 if self.tiny else blocks):
            begin = self.clock()
            items = sum(work() for _ in range(times))
            rates.append(items / (self.clock() - begin))
        return rates


@dataclass(frozen=True, slots=True)
class Row:
    """A procedure to measure.

    Attributes:
        group: rows of one group are compared with its first.
        name: of the row.
        prepare: does what needs no GPU, and returns what measures.
        unit: what is counted.
        least: seconds that it needs.
        most: seconds after which it is stopped.
        compiles: torch's compiler takes most of its time, so that it is left out where nothing is measured.
    """

    group: str
    name: str
    prepare: Callable[[Place], Measure]
    unit: str = "images"
    least: float = 8.0
    most: float = 30.0
    compiles: bool = False


def measure(row: Row, place: Place) -> None:
    """Prepares a row, waits for a line on standard input, measures, and prints the rates as JSON."""
    import torch

    work = row.prepare(place)
    torch.zeros(1, device=place.device)  # what a device needs to begin with
    sys.stdin.readline()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        rates = work()
    said = sorted({str(one.message).split(". ")[0].splitlines()[0][:100] for one in caught})
    print(json.dumps({"rates": rates, "said": "; ".join(said)}))
