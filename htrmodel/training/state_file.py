"""The file of a training's state: a line that says of which run it is, and what torch saves, under one digest.

    htrmodel-state 3 RUN SHA256

Without the digest a flipped bit would go unseen: the training would go on, to other losses.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from htrdata.errors import BadDataError
from htrdata.files.writing import write_atomically
from htrmodel.checkpoint.pickled import read_pickled

FORMAT = 3

_HEAD = re.compile(rb"htrmodel-state (\d{1,9}) ([0-9a-f]*) ([0-9a-f]{64})\n")


def write_state(path: Path, run: str, content: Mapping[str, Any]) -> None:
    """Writes a state; an older one is replaced when the new one is on the disk.

    Args:
        path: of the file.
        run: hex digits that tell the run.
        content: plain values and tensors.

    Raises:
        CannotCreateError: the file cannot be created.
        StorageError: writing failed.
    """
    saved = io.BytesIO()
    torch.save(content, saved)
    body = saved.getbuffer()  # a state of all moments has hundreds of megabytes, which are not copied
    write_atomically(path, f"htrmodel-state {FORMAT} {run} {_digest(run, body)}\n".encode(), body)


def read_state(path: Path, run: str) -> Any:
    """Reads a state.

    Args:
        path: of the file.
        run: of which it should be.

    Returns:
        What was saved, with a `htrmodel.checkpoint.stored_tensor.StoredTensor` for each tensor.

    Raises:
        BadDataError: it is damaged, of another run, or was written by another release.
    """
    if not path.is_file():
        raise BadDataError(f"{path} is no file: {remedy(path)}")
    content = path.read_bytes()
    head = _HEAD.match(content)
    if head is None and content[:2] == b"PK":
        raise BadDataError(f"{path} was written by an earlier release, without a digest: {remedy(path)}")
    if head is None:
        raise damaged(path)
    if int(head[1]) != FORMAT:
        raise BadDataError(f"{path} has format {int(head[1])}, this release goes on from {FORMAT}: {remedy(path)}")
    body = memoryview(content)[head.end() :]
    if head[3].decode() != _digest(head[2].decode(), body):
        raise damaged(path)
    if head[2].decode() != run:
        raise BadDataError(
            f"{path} is of another run than the config.json beside it: put its own back, or {remedy(path)}"
        )
    try:
        return read_pickled(bytes(body), path)
    except BadDataError as error:
        raise damaged(path) from error


def damaged(path: Path) -> BadDataError:
    """What to raise where a state cannot be gone on from."""
    return BadDataError(f"{path} is damaged or of another training: {remedy(path)}")


def remedy(path: Path) -> str:
    """What can be done without a file of a run folder."""
    return f"start anew with --overwrite, or a new run with --out and --from {path.parent / 'last.safetensors'}"


def _digest(run: str, body: memoryview) -> str:
    digest = hashlib.sha256(f"{run}\n".encode())
    digest.update(body)
    return digest.hexdigest()
