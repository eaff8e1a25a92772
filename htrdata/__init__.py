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

if TYPE_CHECKING:
    from htrdata import errors as errors
    from htrdata import sources as sources
    from htrdata.building.builder import build as build
    from htrdata.building.options import BuildOptions as BuildOptions
    from htrdata.labels import Charset as Charset
    from htrdata.labels import LabelPolicy as LabelPolicy
    from htrdata.records import Page as Page
    from htrdata.records import Reason as Reason
    from htrdata.records import Word as Word
    from htrdata.store.reading import Dataset as Dataset
    from htrdata.store.reading import Store as Store
    from htrdata.store.reading import open_store as open
    from htrdata.store.verification import verify as verify
    from htrdata.store.words import Words as Words

# Imported when first used: reading shards needs neither OpenCV nor pyarrow, and `htrdata --help` is fast.
_PLACES = {
    "BuildOptions": ("htrdata.building.options", "BuildOptions"),
    "Charset": ("htrdata.labels", "Charset"),
    "Dataset": ("htrdata.store.reading", "Dataset"),
    "LabelPolicy": ("htrdata.labels", "LabelPolicy"),
    "Page": ("htrdata.records", "Page"),
    "Reason": ("htrdata.records", "Reason"),
    "Store": ("htrdata.store.reading", "Store"),
    "Word": ("htrdata.records", "Word"),
    "Words": ("htrdata.store.words", "Words"),
    "build": ("htrdata.building.builder", "build"),
    "open": ("htrdata.store.reading", "open_store"),
    "verify": ("htrdata.store.verification", "verify"),
}
_MODULES = ("errors", "sources")

__all__ = [
    "BuildOptions",
    "Charset",
    "Dataset",
    "LabelPolicy",
    "Page",
    "Reason",
    "Store",
    "Word",
    "Words",
    "__version__",
    "build",
    "errors",
    "open",
    "sources",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"htrdata.{name}")
    if name not in _PLACES:
        raise AttributeError(f"module 'htrdata' has no attribute {name!r}")
    module, attribute = _PLACES[name]
    return getattr(importlib.import_module(module), attribute)


def __dir__() -> list[str]:
    return list(__all__)
