"""Digests: of files, of the content of a shard, and of all shards of a data set."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from htrdata.files.regular import open_regular

_PIECE = 8 << 20  # bytes


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hex.

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
    return digest.hexdigest()


def digest_of_columns(labels: pa.ChunkedArray, images_sha256: pa.ChunkedArray) -> str:
    """The content digest of a shard: SHA-256, in hex, over its words in order: index, label, SHA-256 of the image.

    Of each word its index, from 1 (8 bytes), and the length of its label in UTF-8 (4 bytes), little-endian, then label
    and SHA-256.
    """
    binary = pa.large_binary()
    texts, images = (column.combine_chunks().cast(binary) for column in (labels, images_sha256))
    heads = np.empty(len(texts), [("index", "<u8"), ("length", "<u4")])
    heads["index"], heads["length"] = np.arange(1, len(texts) + 1), pc.binary_length(texts)
    width = pa.binary(heads.itemsize)
    fixed = pa.FixedSizeBinaryArray.from_buffers(width, len(heads), [None, pa.py_buffer(heads)])
    samples = pc.binary_join_element_wise(fixed.cast(binary), texts, images, pa.scalar(b"", binary))
    return hashlib.sha256(samples.buffers()[2]).hexdigest()


def content_digest(shards: dict[str, str]) -> str:
    """SHA-256, in hex, over the folders and content digests of all shards in order."""
    lines = (f"{folder} {digest}\n" for folder, digest in shards.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()
