"""The sets of extras that `make dist` installs, and what must work in each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Installation:
    """A set of extras, and what must work there.

    Attributes:
        extras: between the brackets.
        commands: in the folder that all installations share, one after the other.
        weights: whether the weights are installed beside it.
        absent: modules that must not have come along.
    """

    extras: str
    commands: tuple[str, ...]
    weights: bool = False
    absent: tuple[str, ...] = ()


READS = """python -c 'import htrdata; words = htrdata.open("first/lmdb")["test", "imgur5k"]; print(words[0].image)'"""
EXCHANGES = """python -c 'import htrdata; print(htrdata.open("first/lmdb")["test", "imgur5k"].to_hf().features)'"""
PUBLISHES = """python -c 'import huggingface_hub, htrmodel; htrmodel.push, htrmodel.pull'"""
BROWSES = """python -c 'import starlette, uvicorn, htrdata.store.browsing.app'"""
SHEETS = """python -c 'import openpyxl, htrdata.sources.folder.sheet_tables'"""

FORMS = ("gt", "csv", "jsonl", "beside", "imagefolder", "parquet", "lmdb")
OWN_WORDS = (
    "python FORMS crops forms",
    *(f"forms/{form}$ htrdata {words}" for form in FORMS for words in ("folder letters", "verify lmdb --decode")),
)
"""The forms in which most people have words of their own, each in a folder that has nothing but them."""

INSTALLATIONS = (
    Installation("draw", ("README htrdata", "htrdata export first/lmdb --to folder --out crops"), absent=("torch",)),
    Installation(
        "",
        ("htrdata folder crops --out base", "htrdata verify base --decode", "htrdata info base", READS, *OWN_WORDS),
        absent=("torch", "HersheyFonts", "htrmodel_weights", "matplotlib"),
    ),
    Installation("cluster", ("htrdata folder crops --out clustered", "dask --version"), absent=("torch",)),
    Installation("fetch", ("htrdata fetch imgur5k imgur5k --dry-run",), absent=("torch",)),
    Installation("sheets", (SHEETS,), absent=("torch",)),
    Installation("browse", (BROWSES, "htrdata browse --help"), absent=("torch",)),
    Installation(
        "model",
        (
            "README htrmodel",
            "htrmodel predict crops/test/images",
            "htrmodel finetune --data first/lmdb --from starter-fast --steps 2 --out run",
        ),
        weights=True,
        absent=("onnx",),
    ),
    Installation("model,onnx", ("htrmodel export starter-fast fast.onnx",), weights=True),
    Installation("onnx", ("htrmodel predict crops/test/images --checkpoint fast.onnx",), absent=("torch",)),
    Installation(
        "openvino", ("htrmodel predict crops/test/images --checkpoint fast.onnx --runtime openvino",), absent=("torch",)
    ),
    Installation("model,hub", (PUBLISHES, "htrmodel push --help", "htrmodel pull --help"), weights=True),
    Installation("hf", (EXCHANGES,), absent=("torch",)),
    Installation("all", ("htrdata --version", "htrmodel info starter"), weights=True),
)
"""In this order: each may use what those before it have made. ``README htrdata`` are a newcomer's first commands
of that program, ``FORMS`` is a script beside this one, and what stands before ``$`` the folder of a command."""
