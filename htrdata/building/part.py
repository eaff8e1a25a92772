"""The part: some thousand words of one split, built by one worker into one Arrow file that is whole or not there."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from htrdata.building.manifest_writer import part_schema, to_batch
from htrdata.building.memory import release_freed_memory
from htrdata.building.options import BuildOptions
from htrdata.building.page_cutting import rows_of_page
from htrdata.files.arrow_files import map_for_arrow
from htrdata.files.writing import discard, place_beside
from htrdata.records import Page, Unit


@dataclass(frozen=True, slots=True)
class Part:
    """A unit of the work: whole pages of one split, in order.

    Attributes:
        number: its place in the order of the plan, from 0.
        split: of its pages; None for pages that are in no split.
        pages: its pages.
        build: of what it is a part, see `htrdata.building.plan.Plan.fingerprint`.
    """

    number: int
    split: str | None
    pages: tuple[Page, ...]
    build: str = ""

    @property
    def words(self) -> int:
        """How many annotated words its pages have."""
        return sum(len(page.words) for page in self.pages)

    @property
    def file_name(self) -> str:
        """The name of its file. It tells the pages and the build, too: no other build must take this one's.

        A build that is cut into other parts has other names; and so has one with other options, into whose folder a
        worker that was thought to be dead may still write.
        """
        known = "\n".join([*(page.id for page in self.pages), self.build])
        digest = hashlib.sha256(known.encode("utf-8", "surrogatepass")).hexdigest()
        return f"part-{self.number:06d}-{digest[:16]}.arrow"


def count_part(
    part: Part, options: BuildOptions, dataset: str, unit: Unit, extra_columns: Sequence[str]
) -> pa.RecordBatch:
    """What building the part would keep and drop, without decoding images: the rows have none."""
    rows = (row for page in part.pages for row in rows_of_page(page, options, pixels=False))
    return to_batch(rows, dataset, unit, extra_columns)


def build_part(
    part: Part, options: BuildOptions, dataset: str, unit: Unit, extra_columns: Sequence[str], folder: Path
) -> int:
    """Builds a part and writes its file, under a name of its own until it is complete.

    Two processes may build it at once, on one machine or two: the file is the same, and the last one's stays.

    Args:
        part: what to build.
        options: of the build.
        dataset: the name of the data set.
        unit: what an annotation of the source is of.
        extra_columns: of the source.
        folder: where the file goes.

    Returns:
        The number of words in the part, kept or dropped.

    Raises:
        OSError: an image cannot be read, or the file cannot be written.
    """
    path = folder / part.file_name
    temporary = place_beside(path)
    try:
        with temporary.open("wb") as file:
            # A batch per page: memory holds one page's crops, not a part's.
            with pa.ipc.new_file(file, part_schema(extra_columns)) as writer:
                for page in part.pages:
                    writer.write_batch(to_batch(rows_of_page(page, options), dataset, unit, extra_columns))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        discard(temporary)
    release_freed_memory()
    return part.words


def read_part(path: Path) -> Iterator[pa.RecordBatch]:
    """Yields the rows of a part's file page by page, memory-mapped: what is not looked at is not read."""
    with map_for_arrow(path) as source:
        reader = pa.ipc.open_file(source)
        for number in range(reader.num_record_batches):
            yield reader.get_batch(number)
