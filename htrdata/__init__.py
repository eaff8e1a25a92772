"""htrdata: handwriting data sets, as their authors publish them, as verified LMDB word shards.

for page in htrdata.sources.imgur5k.read(root): ...
htrdata.build(htrdata.sources.imgur5k.Imgur5K(root), "lmdb")
words = htrdata.open("lmdb")["test", "imgur5k"]
words[0].text, words[0].image
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from htrdata.version import __version__ as __version__

__all__ = ["BuildOptions", "Store", "build", "open", "sources", "verify"]

if TYPE_CHECKING:
    from htrdata import sources as sources
    from htrdata.building.builder import build as build
    from htrdata.building.options import BuildOptions as BuildOptions
    from htrdata.store.reading import Store as Store
    from htrdata.store.reading import open_store as open
    from htrdata.store.verification import verify as verify

# Imported when first used: reading shards needs neither OpenCV nor pyarrow, and `htrdata --help` is fast.
_PLACES = {
    "BuildOptions": ("htrdata.building.options", "BuildOptions"),
    "Store": ("htrdata.store.reading", "Store"),
    "build": ("htrdata.building.builder", "build"),
    "open": ("htrdata.store.reading", "open_store"),
    "verify": ("htrdata.store.verification", "verify"),
}


def __getattr__(name: str) -> Any:
    if name == "sources":
        return importlib.import_module("htrdata.sources")
    if name not in _PLACES:
        raise AttributeError(f"module 'htrdata' has no attribute {name!r}")
    module, attribute = _PLACES[name]
    return getattr(importlib.import_module(module), attribute)
