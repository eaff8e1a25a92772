"""Digests: of files, of the content of a shard, and of all shards of a data set."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from htrdata.files.regular import open_regular

_PIECE = 8 << 20  # bytes


def file_sha256(path: Path, go_on: Callable[[], None] = lambda: None) -> str:
    """SHA-256 of a file, in hex.

    Args:
        path: of the file.
        go_on: called after each piece; what it raises ends the work.

    Raises:
        BadDataError: it is no regular file.
        OSError: it cannot be read.
    """
    # After each piece a thread waits for the interpreter's lock, up to 5 ms while another one works in Python: the
    # 256 kB of `hashlib.file_digest` are many pieces.
    digest, piece = hashlib.sha256(), memoryview(bytearray(_PIECE))
    with open_regular(path) as file:
        while length := file.readinto(piece):
            digest.update(piece[:length])
            go_on()
    return digest.hexdigest()


def digest_of_columns(labels: pa.ChunkedArray, images_sha256: pa.ChunkedArray) -> str:
    """The content digest of a shard: SHA-256, in hex, over its words in order: index, label, SHA-256 of the image.

    Of each word its index, from 1 (8 bytes), and the length of its label in UTF-8 (4 bytes), little-endian, then label
    and SHA-256.
    """
    if not len(labels):
        return hashlib.sha256().hexdigest()
    binary = pa.large_binary()
    texts, images = (column.combine_chunks().cast(binary) for column in (labels, images_sha256))
    heads = np.empty(len(texts), [("index", "<u8"), ("length", "<u4")])
    ends = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset : texts.offset + len(texts) + 1]
    heads["index"], heads["length"] = np.arange(1, len(texts) + 1), np.diff(ends)
    width = pa.binary(heads.itemsize)
    fixed = pa.FixedSizeBinaryArray.from_buffers(width, len(heads), [None, pa.py_buffer(heads)])
    nothing = pa.Array.from_buffers(
        binary, len(texts), [None, pa.py_buffer(bytes(8 * (len(texts) + 1))), pa.py_buffer(b"")]
    )
    samples = pc.binary_join_element_wise(fixed.cast(binary), texts, images, nothing)
    return hashlib.sha256(samples.buffers()[2]).hexdigest()


def content_digest(shards: dict[str, str]) -> str:
    """SHA-256, in hex, over the folders and content digests of all shards in order."""
    lines = (f"{folder} {digest}\n" for folder, digest in shards.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()
