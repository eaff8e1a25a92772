"""What two machines must have in common to build parts of one store: versions, pixels, pages, the folder of the store.

Pixels are compared, not names of processors: both cut the same words out of a drawn page, and out of a page of the
source. Every x86-64 processor should give the same; see ``tests/htrdata/test_processors.py``.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import platform
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from htrdata.building.options import BuildOptions
from htrdata.building.page_cutting import rows_of_page
from htrdata.building.plan import Plan, versions
from htrdata.errors import CannotCreateError
from htrdata.files.writing import replace_durably
from htrdata.images.codec import Format, encode
from htrdata.labels import LabelPolicy
from htrdata.records import Box, Page, Word

_PAGES = 50  # of a plan that are looked at for one of which words are kept


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the other machine must have in common with this one.

    Attributes:
        versions: of Python, htrdata and the libraries that decide over pixels and bytes.
        machine: the kind of processor.
        folder: where this process runs, to which its relative paths are relative.
        note: a file of the workspace, an absolute path.
        options: of the build.
        drawn: SHA-256, in hex, of the crops of a drawn page.
        page: of the source, of which words are kept; None where none was found.
        cut: SHA-256, in hex, of its crops.
    """

    versions: Mapping[str, str]
    machine: str
    folder: Path
    note: Path
    options: BuildOptions
    drawn: str
    page: Page | None
    cut: str


def agreement_of(plan: Plan, note: Path) -> Agreement:
    """What others must have in common with this machine to build parts of a plan.

    Args:
        plan: of the build.
        note: a file of the workspace.

    Raises:
        OSError: an image cannot be read.
    """
    pages = itertools.islice((page for part in plan.parts for page in part.pages), _PAGES)
    found = next(((page, cut) for page in pages if (cut := crops_of(page, plan.options))), (None, ""))
    options = plan.options
    return Agreement(
        _versions(), platform.machine(), Path.cwd(), note.absolute(), options, drawn_crops(options), *found
    )


def difference(there: Agreement) -> str | None:
    """In what this machine differs from the one that an agreement is of, as the end of a sentence, with a remedy.

    Args:
        there: what `agreement_of` gave on the other machine.

    Returns:
        None where they agree.
    """
    here = _versions()
    for name in sorted({*here, *there.versions}):
        mine, other = here.get(name), there.versions.get(name)
        if mine != other:
            return (
                f"has {name} {mine or 'not at all'}, and the head has {other or 'none'}: install the same version on "
                "all machines, or one environment that they share"
            )
    if not there.folder.is_dir():
        return f"has no folder {there.folder}, in which the head runs: run it in a folder that all machines see"
    if not there.note.is_file():
        return (
            f"does not see {there.note}, which the head has written: give --out on a file system that all machines "
            "share, under one path"
        )
    with contextlib.chdir(there.folder):
        cut = "" if there.page is None else crops_of(there.page, there.options)
    mine = f"cuts other pixels ({platform.machine()}) than the head ({there.machine})"
    if drawn_crops(there.options) != there.drawn:
        return f"{mine}: take machines with processors of the head's kind"
    if there.page is not None and cut != there.cut:
        if not cut:
            return f"cannot read page {there.page.id!r}, which the head reads: mount the data set there, under one path"
        return f"{mine} from page {there.page.id!r}: the data set, or the processor, is another one there"
    return None


def agree_by_file(path: Path, options: BuildOptions) -> None:
    """Makes sure that this machine cuts the pixels that the one does which wrote a file; writes it, where it is first.

    Args:
        path: of the file; its folder must exist.
        options: of the build.

    Raises:
        CannotCreateError: it cuts others.
    """
    drawn = drawn_crops(options)
    if not path.exists():
        replace_durably(path, f"{drawn} {platform.machine()}\n".encode())
        return
    known, machine = path.read_text().split()
    if known != drawn:
        raise CannotCreateError(
            f"this machine ({platform.machine()}) cuts other pixels than the one that began this build ({machine}), "
            "and parts of both make no store that could be built again: build all of them on machines of one kind"
        )


def _versions() -> dict[str, str]:
    """The versions that must be the same, by names that are the same for both builds of OpenCV."""
    found = {name.removesuffix("-headless"): version for name, version in versions().items()}
    return {**found, "python": platform.python_version()}


def crops_of(page: Page, options: BuildOptions) -> str:
    """SHA-256, in hex, of the encoded crops of a page; empty where none of its words is kept.

    Raises:
        OSError: its image is there, but cannot be read.
    """
    images = [row.image for row in rows_of_page(page, options) if row.image is not None]
    return hashlib.sha256(b"".join(hashlib.sha256(image).digest() for image in images)).hexdigest() if images else ""


def drawn_crops(options: BuildOptions) -> str:
    """SHA-256, in hex, of crops of a page that is drawn here, turned and upright ones, and of words with own images."""
    y, x = np.mgrid[0:240, 0:400]
    waves = (x * x // 7 + y * y // 5 + x * y // 11) % 509
    drawn = np.where(waves < 255, waves, 509 - waves).clip(0, 255).astype(np.uint8)
    boxes = [
        Box(60 + 70 * i, 120, 60, 30 + 20 * i, angle=angle) for i, angle in enumerate((0.0, 7.0, -33.0, 90.0, 181.0))
    ]
    cut = Page(
        "drawn", "train", tuple(Word(f"w{i}", "word", box) for i, box in enumerate(boxes)), _image(drawn, "jpeg")
    )
    own = tuple(Word(f"o{i}", "word", image=_image(drawn[: 40 + 60 * i], "png")) for i in range(3))
    plain = replace(options, labels=LabelPolicy())
    return hashlib.sha256(
        "".join(crops_of(page, plain) for page in (cut, Page("own", "train", own))).encode()
    ).hexdigest()


@dataclass(frozen=True, slots=True)
class _InMemory:
    """An encoded image of a drawn page, as a source points to one."""

    data: bytes
    name: str = "a drawn page"

    def size(self) -> int:
        """Its bytes."""
        return len(self.data)

    def read(self) -> bytes:
        """The bytes themselves."""
        return self.data


def _image(pixels: np.ndarray, format: Format) -> _InMemory:
    return _InMemory(encode(pixels, format))
