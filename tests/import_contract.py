"""Which room may import which: a whitelist of every room of the two packages, held against the code.

A room is a folder or module directly in a package; ``htrdata`` and ``htrmodel`` alone are what `import htrdata` gives,
the public names. What is not listed is refused, and so is a room that is not listed.

    python tests/import_contract.py        # of the packages that python finds first; prints what is refused
"""

from __future__ import annotations

import sys

import grimp

_FOUNDATIONS = {"htrdata.errors", "htrdata.records", "htrdata.labels", "htrdata.files"}
_STORE = {"htrdata.errors", "htrdata.records", "htrdata.labels", "htrdata.files", "htrdata.images", "htrdata.store"}

ALLOWED: dict[str, set[str]] = {
    "htrdata.version": set(),
    "htrdata.errors": set(),
    "htrdata.records": set(),
    "htrdata.labels": {"htrdata.errors", "htrdata.records"},
    "htrdata.files": {"htrdata.errors"},
    "htrdata.images": {"htrdata.errors", "htrdata.records"},
    "htrdata.workers": {"htrdata.errors", "htrdata.images"},
    "htrdata.store": {*_FOUNDATIONS, "htrdata.images"},
    "htrdata.sources": {*_FOUNDATIONS, "htrdata.images"},
    "htrdata.drawing": {*_FOUNDATIONS, "htrdata.images", "htrdata.sources"},
    "htrdata.building": {
        *_FOUNDATIONS,
        "htrdata.images",
        "htrdata.store",
        "htrdata.sources",
        "htrdata.version",
        "htrdata.workers",
    },
    "htrdata": {"htrdata.building", "htrdata.errors", "htrdata.labels", "htrdata.records", "htrdata.sources"}
    | {"htrdata.store", "htrdata.version"},
    "htrdata.cli": {
        *_FOUNDATIONS,
        "htrdata.building",
        "htrdata.drawing",
        "htrdata.images",
        "htrdata.sources",
        "htrdata.store",
        "htrdata.version",
        "htrdata.workers",
    },
    "htrdata.__main__": {"htrdata.cli"},
    "htrmodel.config": {"htrdata.errors", "htrdata.labels"},
    "htrmodel.devices": {"htrdata.errors", "htrdata.files"},
    "htrmodel.recording": set(),
    "htrmodel.starter": {"htrdata.errors"},
    "htrmodel.tokenizer": {"htrdata.errors", "htrdata.labels", "htrmodel.config"},
    "htrmodel.inputs": {"htrdata.errors", "htrdata.files", "htrdata.images", "htrmodel.config"},
    "htrmodel.reader": {"htrdata.errors", "htrmodel.config", "htrmodel.inputs", "htrmodel.tokenizer"},
    "htrmodel.layers": {"htrmodel.tokenizer"},
    "htrmodel.recogniser": {"htrdata.errors", "htrdata.labels", "htrmodel.config"}
    | {"htrmodel.layers", "htrmodel.reader", "htrmodel.tokenizer"},
    "htrmodel.language": {"htrdata.errors", "htrdata.files", "htrdata.labels", "htrmodel.config", "htrmodel.layers"}
    | {"htrmodel.reader", "htrmodel.recogniser", "htrmodel.starter", "htrmodel.tokenizer"},
    "htrmodel.voting": {"htrmodel.reader", "htrmodel.recogniser", "htrmodel.tokenizer"},
    "htrmodel.alignment": {*_STORE, "htrmodel.checkpoint", "htrmodel.config", "htrmodel.devices", "htrmodel.inputs"}
    | {"htrmodel.reader", "htrmodel.recogniser", "htrmodel.tokenizer"},
    "htrmodel.checkpoint": {"htrdata.errors", "htrdata.files", "htrdata.labels"}
    | {"htrdata.version", "htrmodel.config", "htrmodel.layers", "htrmodel.recogniser", "htrmodel.starter"},
    "htrmodel.data": {
        *_STORE,
        "htrdata.workers",
        "htrmodel.config",
        "htrmodel.inputs",
        "htrmodel.layers",
        "htrmodel.tokenizer",
    },
    "htrmodel.judging": {*_STORE, "htrdata.version"},
    "htrmodel.training": {*_FOUNDATIONS, "htrdata.drawing", "htrdata.store", "htrmodel.checkpoint"}
    | {"htrmodel.config", "htrmodel.data", "htrmodel.devices", "htrmodel.judging", "htrmodel.recogniser"}
    | {"htrmodel.layers", "htrmodel.recording", "htrmodel.starter", "htrmodel.tokenizer"},
    "htrmodel.runtime": {
        *_STORE,
        "htrdata.sources",
        "htrmodel.alignment",
        "htrmodel.checkpoint",
        "htrmodel.config",
        "htrmodel.data",
    }
    | {"htrmodel.devices", "htrmodel.inputs", "htrmodel.layers", "htrmodel.reader", "htrmodel.recogniser"}
    | {"htrmodel.starter", "htrmodel.tokenizer"},
    "htrmodel.evaluation": {"htrdata.errors", "htrdata.files", "htrdata.labels", "htrdata.store"}
    | {
        "htrmodel.checkpoint",
        "htrmodel.data",
        "htrmodel.inputs",
        "htrmodel.judging",
        "htrmodel.language",
        "htrmodel.reader",
    }
    | {"htrmodel.recogniser", "htrmodel.runtime", "htrmodel.starter", "htrmodel.tokenizer", "htrmodel.voting"},
    "htrmodel.auditing": {*_STORE, "htrmodel.data", "htrmodel.devices"}
    | {"htrmodel.judging", "htrmodel.layers", "htrmodel.recogniser", "htrmodel.tokenizer", "htrmodel.training"},
    "htrmodel": {
        "htrdata.errors",
        "htrdata.version",
        "htrmodel.checkpoint",
        "htrmodel.data",
        "htrmodel.evaluation",
        "htrmodel.inputs",
    }
    | {"htrmodel.judging", "htrmodel.recogniser", "htrmodel.runtime", "htrmodel.tokenizer", "htrmodel.training"},
    "htrmodel.cli": {*_STORE, "htrdata.building", "htrdata.cli", "htrdata.sources", "htrdata.version"}
    | {
        "htrmodel.voting",
        "htrmodel.alignment",
        "htrmodel.auditing",
        "htrmodel.checkpoint",
        "htrmodel.config",
        "htrmodel.data",
        "htrmodel.evaluation",
        "htrmodel.reader",
        "htrmodel.judging",
        "htrmodel.language",
        "htrmodel.recogniser",
        "htrmodel.runtime",
    }
    | {"htrmodel.starter", "htrmodel.training", "htrmodel.devices"},
    "htrmodel.__main__": {"htrdata.cli", "htrmodel.cli"},
}
"""For each room the rooms that it may import."""

NO_TORCH = ("htrdata", "htrmodel.judging", "htrmodel.config", "htrmodel.inputs", "htrmodel.reader", "htrmodel.starter")
"""Rooms, or whole packages, that never import torch, not even within a function."""

_CONSOLE = {"htrdata.cli.console", "htrdata.cli.misspelt", "htrdata.cli.starting", "htrdata.cli.typed_options"}
"""All that htrmodel may import of htrdata's command line."""


def room(module: str) -> str:
    """The room that a module stands in; the name of the package for what is outside of ours."""
    parts = module.split(".")
    return ".".join(parts[:2]) if _ours(module) else parts[0]


def refused() -> list[str]:
    """What the code imports and may not: a line for each import, sorted."""
    graph = grimp.build_graph("htrdata", "htrmodel", include_external_packages=True, cache_dir=None)
    found = []
    for module in filter(_ours, graph.modules):
        if room(module) not in ALLOWED:
            found.append(f"{module} stands in a room without an entry in ALLOWED")
        else:
            imported = graph.find_modules_directly_imported_by(module)
            found += [f"{module} imports {one}" for one in imported if not _may_import(module, one)]
    return sorted(found)


def _ours(module: str) -> bool:
    return module.split(".")[0] in ("htrdata", "htrmodel")


def _may_import(module: str, imported: str) -> bool:
    home, target = room(module), room(imported)
    if not _ours(imported):
        return target != "torch" or not (home.split(".")[0] in NO_TORCH or home in NO_TORCH)
    if home in ("htrmodel.cli", "htrmodel.__main__") and target == "htrdata.cli":
        return imported in _CONSOLE
    return target == home or target in ALLOWED[home]


if __name__ == "__main__":
    lines = refused()
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.exit(bool(lines))
