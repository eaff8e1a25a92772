"""Sources: readers of data sets as their authors publish them. A source yields pages of words and never writes.

A folder for each data set, with a README: where the data come from, their licence, a few raw lines. `base` says what a
source is; `fetching` gets data sets from where they are published; `resplit` deals out the pages of any source anew,
`overlap` finds what stands in more than one split.

``docs/adding-a-source.md`` leads through adding one. Another package does it by an entry point of the group
``htrdata.sources`` whose value takes the root folder (a ``pathlib.Path``) and returns a `htrdata.sources.base.Source`;
``htrdata NAME --root DIR`` then builds it.

May import `htrdata.errors`, `htrdata.files`, `htrdata.images`, `htrdata.labels` and `htrdata.records`.
"""

from __future__ import annotations

import importlib
from types import ModuleType

_OURS = ("dhsd", "folder", "iam", "imgur5k", "unipen", "xml")


def __getattr__(name: str) -> ModuleType:
    # `htrdata.sources.iam` works without an import of its own.
    if name not in _OURS:
        raise AttributeError(f"module 'htrdata.sources' has no attribute {name!r}")
    return importlib.import_module(f"htrdata.sources.{name}")


def __dir__() -> list[str]:
    return list(_OURS)
