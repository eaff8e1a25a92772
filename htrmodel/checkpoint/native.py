"""Our own checkpoints: one safetensors file.

Its metadata has one entry, ``htrmodel``, a JSON object: ``format`` (1), ``config`` (the `RecogniserConfig`),
``versions``, ``metrics``, ``data`` (what it was trained and judged on, by digest, and how that was divided into splits)
and ``weights_sha256``, which the first ones lack. The keys of the tensors are clova's without ``module.``. Weights may
be stored in 16 bits; they are computed with in 32.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import safe_open
from torch import Tensor

from htrdata.errors import BadDataError, NotEnoughMemoryError, UsageError, lacks_memory
from htrdata.files import strict_json
from htrdata.files.regular import is_utf8
from htrdata.files.writing import write_atomically
from htrdata.version import __version__
from htrmodel.checkpoint.stored_tensor import StoredTensor
from htrmodel.config import ENTRY, FORMAT, RecogniserConfig
from htrmodel.recogniser import Recogniser

_TABLES = ("versions", "metrics", "data")

_MOST_HEADER = 16 * 2**20
"""Bytes of the JSON that a file begins with, at most: a recogniser's has some 30,000."""

_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U8": torch.uint8,
}


@dataclass(frozen=True, slots=True)
class Record:
    """What the metadata say.

    Attributes:
        config: what the weights belong to.
        versions: the releases that wrote the file.
        metrics: results, by name.
        data: what it was trained and judged on.
        digest: SHA-256 of the weights, in hex; None where the file has none.
    """

    config: RecogniserConfig
    versions: Mapping[str, Any]
    metrics: Mapping[str, Any]
    data: Mapping[str, Any]
    digest: str | None


def is_native(head: bytes) -> bool:
    """Tells a safetensors file by its first bytes: the length of a JSON object, below 4 GiB, and its brace."""
    return head[4:9] == b"\0\0\0\0{"


def read_native(path: Path) -> tuple[Record, dict[str, StoredTensor]]:
    """Reads the record, and which weights there are.

    Args:
        path: a regular file, one that `is_native`.

    Raises:
        BadDataError: it is damaged, or not one of ours.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > _MOST_HEADER:
            raise BadDataError(
                f"{path} begins with a header of {length:,} bytes: a recogniser has far less; get it again"
            )
        return _read_opened(path, path if is_utf8(path) else Path(f"/dev/fd/{file.fileno()}"))


def _read_opened(path: Path, place: Path) -> tuple[Record, dict[str, StoredTensor]]:
    """Reads a file, called `path`, that is found at a place."""
    try:
        opened: Any = safe_open(place, framework="pt")  # the weights keep it open as long as they need it
        metadata = opened.metadata() or {}
        weights = {key: _described(path, opened, key) for key in opened.keys()}  # noqa: SIM118 - not a mapping
    except (BadDataError, OSError):
        raise
    except Exception as error:
        # Whatever the parser says of a stranger's header; it has no list of that.
        if lacks_memory(error):
            raise NotEnoughMemoryError.of(error) from error
        raise BadDataError(f"{path} is damaged, cut short or no checkpoint: get it again") from error
    if ENTRY not in metadata:
        raise BadDataError(f"{path} has no {ENTRY!r} entry: htrmodel did not write it, or a tool removed it")
    return read_record(metadata[ENTRY], path), weights


def read_record(entry: str, path: Path) -> Record:
    """Reads the metadata entry of a checkpoint.

    Raises:
        BadDataError: it is not what we write.
    """
    place = f"the {ENTRY!r} entry of {path}"
    record = strict_json.parse(entry, place)
    if not isinstance(record, dict):
        raise BadDataError(f"{place} is no record of a checkpoint, but a {type(record).__name__}: get the file again")
    if record.get("format") != FORMAT or type(record["format"]) is not int:
        raise BadDataError(f"{path} has checkpoint format {_short(record.get('format'))}, this release reads {FORMAT}")
    try:
        config = RecogniserConfig.from_dict(record.get("config"))
    except BadDataError as error:
        raise BadDataError(f"{path}: {error}") from error
    for table in _TABLES:
        if not isinstance(record.get(table), dict):
            raise BadDataError(
                f"{place} cannot be read: its {table} is {_short(record.get(table))}; get the file again"
            )
    digest = record.get("weights_sha256")
    if not (digest is None or isinstance(digest, str)):
        raise BadDataError(f"{place} cannot be read: its weights_sha256 is {_short(digest)}; get the file again")
    return Record(config, record["versions"], record["metrics"], record["data"], digest)


def check_digest(path: Path, weights: Mapping[str, Tensor], record: Record) -> None:
    """Makes sure that the weights are those that were written.

    Raises:
        BadDataError: they are others.
    """
    if record.digest is not None and record.digest != weights_digest(weights):
        raise BadDataError(f"{path} is damaged: its weights are not those of its digest; get it again")


def weights_digest(weights: Mapping[str, Tensor]) -> str:
    """SHA-256, in hex, over the names, types, sizes and bytes of weights, by name."""
    digest = hashlib.sha256()
    for key in sorted(weights):
        value = weights[key].contiguous()
        digest.update(f"{key} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def save(
    recogniser: Recogniser,
    path: Path | str,
    *,
    metrics: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
    half: bool = False,
) -> None:
    """Writes a checkpoint; an older one of that name is replaced when the new one is on the disk.

    Args:
        recogniser: what to save, from whatever device, in the precision that it has.
        path: the file, ``.safetensors`` by custom; its folder must exist.
        metrics: results, by name, as JSON can hold them.
        data: what it was trained and judged on, as JSON can hold it; see `htrmodel.checkpoint.contents.Checkpoint`.
        half: store the parameters in float16, which halves the file. Batch statistics and the constants of TPS stay as
            they are: they are small, and every reading depends on them.

    Raises:
        UsageError: a weight is too large for float16, or a result is no finite number.
        CannotCreateError: the file cannot be created there.
        StorageError: writing failed.
    """
    weights = {key: value.detach().cpu().contiguous() for key, value in recogniser.state_dict().items()}
    if half:
        weights |= {key: _halved(key, weights[key]) for key, _ in recogniser.named_parameters()}
    record = {
        "format": FORMAT,
        "config": recogniser.config.to_dict(),
        "versions": {"htrdata": __version__, "torch": torch.__version__},
        "metrics": dict(metrics or {}),
        "data": dict(data or {}),
        "weights_sha256": weights_digest(weights),
    }
    try:
        entry = json.dumps(record, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise UsageError(f"what is to be noted in {path} has a number that is not finite: leave it out") from error
    write_atomically(path, safetensors.torch.save(weights, {ENTRY: entry}))


def _described(path: Path, opened: Any, key: str) -> StoredTensor:
    found = opened.get_slice(key)
    dtype = _DTYPES.get(found.get_dtype())
    if dtype is None:
        raise BadDataError(
            f"{path}: {key[:60]} is of type {found.get_dtype()}, which no weights of ours are: get it again"
        )
    return StoredTensor(tuple(found.get_shape()), dtype, functools.partial(opened.get_tensor, key))


def _halved(key: str, weight: Tensor) -> Tensor:
    halved = weight.half()
    if not bool(halved.isfinite().all()):
        raise UsageError(f"{key} has {weight.abs().max():g}, which float16 cannot hold: save it without half")
    return halved


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
