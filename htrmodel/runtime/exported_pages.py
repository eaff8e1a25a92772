"""The pages of exports as tools wrote them, and the folder that their filled files go to.

A hidden file in the folder says what the pages were read with.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from htrdata.errors import BadDataError, CannotCreateError, SourceMissingError, StorageError, UsageError
from htrdata.files import strict_json
from htrdata.files.refusals import cannot_create, refusal
from htrdata.files.regular import real_path
from htrdata.files.writing import make_folder, write_atomically
from htrdata.sources.xml.files import FILLED, ExportedFile, exported_files, packed_note
from htrdata.sources.xml.image_names import Pictures
from htrdata.sources.xml.parsing import MOST

RECORD = FILLED
"""In the folder of the pages: what they were read with."""

_TOLD = {"boxes": "choice of --boxes", "aligned": "choice of --boxes"}
"""What a person calls an entry of it, where that is another name."""

ROOTS = ("alto", "PcGts")
"""Root elements of the files that are pages."""


@dataclass(frozen=True, slots=True)
class ExportedPage:
    """A page to read.

    Attributes:
        file: its XML.
        below: its path below the folder of the results.
        pictures: among which its picture is.
    """

    file: ExportedFile
    below: PurePosixPath
    pictures: Pictures


def find_pages(places: Sequence[Path], out: Path | None = None, images: Path | None = None) -> list[ExportedPage]:
    """Finds the XML files in exports, in the order of their paths.

    Args:
        places: files, folders, or archives as they were exported.
        out: the folder of the results: should it lie in an export, what is in it is no page of that.
        images: folder or archive of the pictures; they are in the exports where None.

    Raises:
        SourceMissingError: there is nothing, or no XML file.
        UsageError: two files would be written to one place.
        BadDataError: an archive is damaged.
    """
    pictures = None if images is None else Pictures(exported_files(images))
    found: dict[PurePosixPath, ExportedPage] = {}
    for place in places:
        for page in _at(place):
            if out is not None and real_path(out) in real_path(place / page.below).parents and place.is_dir():
                continue
            if page.below in found:
                other = found[page.below].file.file.name
                raise UsageError(
                    f"{other} and {page.file.file.name} have one name: read them into folders of their own"
                )
            found[page.below] = page if pictures is None else replace(page, pictures=pictures)
    if not found:
        within = "".join(packed_note(exported_files(place), " but ") for place in places)
        raise SourceMissingError(
            f"no XML file in {', '.join(map(str, places))}{within}: name a folder or zip as it was exported"
        )
    return [found[below] for below in sorted(found)]


def _at(place: Path) -> list[ExportedPage]:
    if place.suffix.lower() == ".xml" and place.is_file():
        around = real_path(place).parent
        if around.name.lower() in ("page", "alto"):  # the pictures are beside that folder, or in it
            around = around.parent
        files = exported_files(around)
        mine = [one for one in files if (around / one.below).samefile(place)]
        return [ExportedPage(one, PurePosixPath(place.name), Pictures(files)) for one in mine[:1]]
    files = exported_files(place)
    pictures = Pictures(files)
    xml = [one for one in files if one.below.suffix.lower() == ".xml" and not one.is_leftover]
    return [ExportedPage(one, one.below, pictures) for one in xml]


def prepare(out: Path, about: dict[str, str], places: Sequence[Path], pages: Sequence[ExportedPage] = ()) -> None:
    """Makes the folder of the results, or makes sure that it is that of the same run.

    Args:
        out: the folder.
        about: what pages are read with.
        places: where they come from.
        pages: that are to be read.

    Raises:
        UsageError: the folder is one of the places, or has pages that were read with something else.
        CannotCreateError: it cannot be made, or has files in the places of pages that no run has written.
        StorageError: it cannot be written to, or its record not be read.
        BadDataError: its record is damaged.
    """
    if any(place.is_dir() and real_path(place) == real_path(out) for place in places):
        raise UsageError(f"--out {out} is the export itself: its files stay as they are; name another folder")
    try:
        make_folder(out)
    except OSError as error:
        raise CannotCreateError(cannot_create(out, error)) from error
    record = out / RECORD
    try:
        known = strict_json.load(record)
    except FileNotFoundError:
        if strange := next((page.below for page in pages if (out / page.below).exists()), None):
            raise CannotCreateError(
                f"{out} has a {strange} already, which this command has not written: name another folder with --out"
            ) from None
        write_atomically(record, json.dumps(about, sort_keys=True).encode())
        return
    except BadDataError as error:
        raise BadDataError(f"{error}; name another folder, or remove it") from error
    except OSError as error:
        raise StorageError(f"cannot read {record}: {refusal(error)}") from error
    if not isinstance(known, dict):
        raise BadDataError(f"{record} is no record of what pages were read with: name another folder, or remove it")
    if known != about:
        differing = ", ".join(
            _TOLD.get(key, key) for key in sorted({*known, *about}) if known.get(key) != about.get(key)
        )
        raise UsageError(f"{out} has pages that were read with another {differing}: name another folder, or remove it")


def read_with(place: Path) -> dict[str, str] | None:
    """What the pages of a folder were read with, as `prepare` noted it; None of files that were taken out of it.

    Raises:
        BadDataError: the record is damaged.
        StorageError: it cannot be read.
    """
    record = place / RECORD
    try:
        known = strict_json.load(record)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StorageError(f"cannot read {record}: {refusal(error)}") from error
    if not isinstance(known, dict):
        raise BadDataError(f"{record} is no record of what pages were read with: read the pages anew")
    return {key: str(value) for key, value in known.items()}


def data_of(page: ExportedPage) -> bytes:
    """The bytes of a page's XML.

    Raises:
        BadDataError: it cannot be read, or is too large for a page.
    """
    name = page.file.file.name
    try:
        if (page.file.file.size() or 0) > MOST:
            raise BadDataError(f"{name} has more than {MOST:,} bytes, which is too much for a page of ALTO or PAGE")
        return page.file.file.read()
    except OSError as error:
        raise BadDataError(f"cannot read {name}: {refusal(error, name)}") from error
