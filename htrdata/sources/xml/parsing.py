"""A file of an export as the page that it describes, whichever of the two formats that is in."""

from __future__ import annotations

from htrdata.errors import BadDataError, StorageError
from htrdata.files.refusals import refusal
from htrdata.sources.xml.alto import read_alto
from htrdata.sources.xml.export_findings import ExportFindings
from htrdata.sources.xml.files import ExportedFile
from htrdata.sources.xml.mets import read_mets
from htrdata.sources.xml.page_format import read_page
from htrdata.sources.xml.tree import namespace, read_tree
from htrdata.sources.xml.written import WrittenPage

MOST = 64 << 20
"""Bytes of an XML file; a page of a newspaper has some ten million where each letter has its box."""


def parsed(one: ExportedFile, findings: ExportFindings) -> WrittenPage | None:
    """The page of a file; None where it is of another format, METS for example, which the findings then have.

    Raises:
        BadDataError: it is damaged, larger than `MOST`, or not what its format promises.
        StorageError: it cannot be read.
    """
    try:
        return _parsed(one, findings)
    except BadDataError as error:
        raise BadDataError(f"{error} (export it again, or move it out of the export)") from error


def _parsed(one: ExportedFile, findings: ExportFindings) -> WrittenPage | None:
    name = one.file.name
    try:
        if (one.file.size() or 0) > MOST:
            raise BadDataError(f"{name} has more than {MOST:,} bytes, which is too much for a page of ALTO or PAGE")
        root = read_tree(one.file.read(), name)
    except OSError as error:
        raise StorageError(f"cannot read {name}: {refusal(error, name)}") from error
    kind = root.tag.rpartition("}")[2]
    if kind == "alto":
        return read_alto(root, name)
    if kind == "PcGts":
        return read_page(root, name)
    if kind == "mets" and (mets := read_mets(root, one.below)).pages:
        findings.listed.append(mets)
    findings.others[namespace(root) or f"<{kind}>"] += 1
    return None
