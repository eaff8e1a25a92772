"""htrdata: handwriting data sets, as their authors publish them, as verified LMDB word shards.

for page in htrdata.sources.imgur5k.read(root): ...
htrdata.build(htrdata.sources.imgur5k.Imgur5K(root), "lmdb")
words = htrdata.open("lmdb")["test", "imgur5k"]
words[0].text, words[0].image
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = ["BuildOptions", "Store", "build", "open", "sources", "verify"]

if TYPE_CHECKING:
    from htrdata import sources as sources
    from htrdata.builder import build as build
    from htrdata.options import BuildOptions as BuildOptions
    from htrdata.store import Store as Store
    from htrdata.store import open_store as open
    from htrdata.verification import verify as verify

# Imported when first used: reading shards needs neither OpenCV nor pyarrow, and `htrdata --help` is fast.
_PLACES = {
    "BuildOptions": ("htrdata.options", "BuildOptions"),
    "Store": ("htrdata.store", "Store"),
    "build": ("htrdata.builder", "build"),
    "open": ("htrdata.store", "open_store"),
    "verify": ("htrdata.verification", "verify"),
}


def __getattr__(name: str) -> Any:
    if name == "sources":
        return importlib.import_module("htrdata.sources")
    if name not in _PLACES:
        raise AttributeError(f"module 'htrdata' has no attribute {name!r}")
    module, attribute = _PLACES[name]
    return getattr(importlib.import_module(module), attribute)
