"""Named splits of IAM: who published them, and how many words they have.

The lists lie beside this module in ``split_lists``: one form a line, and with lists of lines the numbers of its lines,
as in ``a03-063 1-10``. The two schemes share the forms of train, but not
those of val and test: what was tuned on the val of one must not be judged on the test of the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Literal

from htrdata.errors import UsageError
from htrdata.records import SPLITS, Unit

Segmentation = Literal["ok", "all"]


@dataclass(frozen=True, slots=True)
class Scheme:
    """A published split.

    Attributes:
        name: what people call it; part of the data set's name.
        about: where it comes from.
        unit: of what the lists hold ids.
        lists: for each split the lists that make it up, in order.
        words: of each split, those of lines with the segmentation ``ok``, and those of all lines.
        lines: of each split, those with the segmentation ``ok``, and all.
        boxless: of each split, the words of ``ok`` lines that have no component; empty where nobody has counted them.
        broken: of each split, the words of ``ok`` lines whose published PNG cannot be read; empty where unknown.
    """

    name: str
    about: str
    unit: Literal["form", "line"]
    lists: Mapping[str, tuple[str, ...]]
    words: Mapping[str, tuple[int, int]]
    lines: Mapping[str, tuple[int, int]]
    boxless: Mapping[str, int]
    broken: Mapping[str, int]

    def ids(self) -> dict[str, str]:
        """The split of each id, in the order of the lists: train, val, test.

        Raises:
            UsageError: a list is missing from the installation.
        """
        found: dict[str, str] = {}
        for split in SPLITS:
            for name in self.lists[split]:
                found.update(dict.fromkeys(_read_list(f"{self.name}.{name}.{self.unit}s.txt"), split))
        return found

    def published(self, unit: Unit, segmentation: Segmentation, *, pngs: bool) -> dict[str, dict[str, int]]:
        """What a build of the whole of IAM counts in each split: words or lines, and dropped ones by reason.

        Args:
            unit: what is counted.
            segmentation: ``ok`` drops the words of other lines, ``all`` does not.
            pngs: whether the words come from their own PNGs, of which two are broken; the forms are sound.
        """
        counts: dict[str, dict[str, int]] = {}
        for split in SPLITS:
            ok, every = (self.words if unit == "word" else self.lines)[split]
            counts[split] = {"words": every, "segmentation_err": every - ok if segmentation == "ok" else 0}
            if unit == "line":
                continue
            if split in self.boxless and segmentation == "ok":
                counts[split]["empty_box"] = self.boxless[split]
            if split in self.broken:
                counts[split]["image_corrupt"] = self.broken[split] if pngs else 0
        return counts


AACHEN = Scheme(
    "aachen",
    "RWTH Aachen's forms, as AttentionHTR and Kang et al. use them: 747, 116 and 336",
    unit="form",
    lists={split: (split,) for split in SPLITS},
    words={"train": (47_999, 55_081), "val": (7_559, 8_895), "test": (20_310, 25_920)},
    lines={"train": (5_695, 6_482), "val": (840, 976), "test": (2_338, 2_915)},
    boxless={"train": 16, "val": 5, "test": 5},
    broken={"train": 2, "val": 0, "test": 0},
)
LWITR = Scheme(
    "lwitr",
    "Large Writer Independent Text Line Recognition Task: 6,161, 900 + 940 and 1,861 lines; val is both its val sets",
    unit="line",
    lists={"train": ("train",), "val": ("val1", "val2"), "test": ("test",)},
    words={"train": (46_958, 53_841), "val": (6_447 + 7_065, 7_899 + 8_566), "test": (13_753, 17_616)},
    lines={"train": (5_419, 6_161), "val": (747 + 792, 900 + 940), "test": (1_480, 1_861)},
    boxless={},
    broken={"train": 2, "val": 0, "test": 0},
)

SCHEMES = {scheme.name: scheme for scheme in (AACHEN, LWITR)}


def find_scheme(name: str) -> Scheme:
    """Finds a scheme by its name.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in SCHEMES:
        raise UsageError(f"there is no split {name!r} of IAM: give one of {', '.join(SCHEMES)}")
    return SCHEMES[name]


def _read_list(name: str) -> list[str]:
    try:
        text = resources.files("htrdata.sources.iam").joinpath("split_lists", name).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise UsageError(f"the list {name} is missing from the installation: install htrdata again") from error
    return [one for row in text.splitlines() for one in _ids(*row.split())]


def _ids(form: str, lines: str = "") -> Iterator[str]:
    """The form alone, or its lines, of numbers such as ``0-6,8``."""
    if not lines:
        yield form
        return
    for piece in lines.split(","):
        first, _, last = piece.partition("-")
        yield from (f"{form}-{number:02d}" for number in range(int(first), int(last or first) + 1))
