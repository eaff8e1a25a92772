"""Files in a folder that hold images or texts in a form that is not read, and what to do with each."""

from __future__ import annotations

from collections.abc import Sequence

_ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz", ".tar.zst", ".7z", ".rar")
_SHEETS = (".xls", ".xlsb", ".ods", ".numbers")
_SHARDS = (".mdb",)

_REMEDIES = (
    (_ARCHIVES, "unpack {file}, and name the folder"),
    (_SHEETS, "save {file} as CSV (Excel: CSV UTF-8)"),
    ((".xml",), "{file} may be PAGE or ALTO: `htrdata xml` reads these, and cuts words and lines out of their pages"),
    (_SHARDS, "unpack the archive that {file} is in, and name the folder"),
)

ENDINGS = tuple(ending for endings, _ in _REMEDIES for ending in endings if endings != _SHARDS)
"""How their names end, in lower case; shards are not read where an archive holds them."""


def remedies(names: Sequence[str]) -> list[str]:
    """What to do with files that are not read, one sentence for each kind, with the first file of it.

    Args:
        names: of files, whose endings need not be among `ENDINGS`.
    """
    found = []
    for endings, remedy in _REMEDIES:
        first = next((name for name in names if name.lower().endswith(endings)), None)
        if first is not None:
            found.append(remedy.format(file=first))
    return found
