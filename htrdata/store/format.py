"""The names in a store, and the version of its layout. ``docs/format.md`` describes all of it.

STORE/SPLIT/NAME/data.mdb         a shard; with several of a split STORE/SPLIT/NAME/00000/data.mdb, …
STORE/NAME/manifest.parquet       one row for each annotated word of the source
STORE/NAME/dataset.json           what the data set is; written last: without it there is no data set
STORE/NAME/report.html
"""

from __future__ import annotations

import re

from htrdata.errors import UsageError
from htrdata.records import SPLITS

FORMAT = "htrdata-store/2"
"""The version of the store's layout; it changes when a reader of the last one would go wrong."""

FORMAT_1 = "htrdata-store/1"
"""The version before, which is still read; see `htrdata.store.format_1`."""

DATA_FILE = "data.mdb"
DATASET_FILE = "dataset.json"
MANIFEST_FILE = "manifest.parquet"
REPORT_FILE = "report.html"

NAME = re.compile(r"[A-Za-z0-9_]+")
"""What a data set can be called, but for the names of the splits."""


def checked_name(name: str) -> str:
    """Returns a name that a data set can have in a store.

    Raises:
        UsageError: it is another one.
    """
    if not NAME.fullmatch(name) or name in SPLITS:
        raise UsageError(f"{name!r} cannot name a data set: use letters, digits and _, and none of {', '.join(SPLITS)}")
    return name
