"""Reads what ``torch.save`` wrote without trusting it: plain values and tensors, which take no memory until fetched.

A file is a zip archive or, as torch wrote before 1.6, some pickles in a row. Either way a pickle names the tensors, and
their numbers lie beside it. ``torch.load(weights_only=True)`` runs no code either, but it knows sparse, quantised and
other tensors of any size, and a key that is a tuple in a tuple, and so on a million times, kills the process.
"""

from __future__ import annotations

import io
import struct
import sys
import zipfile
import zlib
from typing import Any

from htrdata.errors import BadDataError, NotEnoughMemoryError, lacks_memory
from htrmodel.checkpoint.unpickling import RefusedError, Spans, Storage, check_pickle, unpickle

_MAGIC = 0x1950A86A20F9469CFC6C
"""The first pickle of a file that is no archive."""

_PROTOCOL = 1001
"""The second one."""

_OURS = sys.byteorder.encode()


def read_pickled(content: bytes, name: object) -> Any:
    """Reads a file of ``torch.save``.

    Args:
        content: all of it.
        name: what messages call it.

    Returns:
        What was saved: plain values, lists, tuples and dicts, with a `StoredTensor` for each tensor. They hold on to
        the content.

    Raises:
        BadDataError: it is damaged, holds more than tensors and plain values, or a tensor that asks for more numbers
            than the file has.
    """
    try:
        value = _read_archive(content) if content[:2] == b"PK" else _read_in_a_row(content)
    except RefusedError as error:
        raise BadDataError(f"{name} {error}") from error
    except Exception as error:
        # Whatever the unpickler and the archive say of a stranger's bytes; neither has a list of it.
        if lacks_memory(error):
            raise NotEnoughMemoryError.of(error) from error
        raise BadDataError(f"{name} is damaged, cut short or no checkpoint: get it again") from error
    return value


def _read_archive(content: bytes) -> Any:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(member.file_size for member in archive.infolist()) > len(content):
            raise RefusedError("is an archive whose members overlap or are compressed: torch writes no such thing")
        members = {member.filename: _span(content, member) for member in archive.infolist()}
    if any(path.rpartition("/")[2] == "constants.pkl" for path in members):
        raise RefusedError("is a TorchScript program, not weights: save the state_dict() of the model")
    (place,) = (path for path in members if path.rpartition("/")[2] == "data.pkl")
    root = place.removesuffix("data.pkl")
    if bytes(members.get(f"{root}byteorder", _OURS)) != _OURS:
        raise RefusedError(f"has another byte order than this machine: save it on one that is {sys.byteorder}-endian")
    folder = f"{root}data/"
    spans = {path.removeprefix(folder): span for path, span in members.items() if path.startswith(folder)}
    pickled = bytes(members[place])
    check_pickle(io.BytesIO(pickled))
    value, storages = unpickle(pickled, spans)
    for key, storage in storages.items():
        _check_length(spans[key], storage)
    return value


def _span(content: bytes, member: zipfile.ZipInfo) -> memoryview:
    """Where the bytes of a member are; its check sum is right."""
    if member.compress_type != zipfile.ZIP_STORED:
        raise RefusedError("is a compressed archive, which torch does not write: unpack and pack it without that")
    name, extra = struct.unpack_from("<HH", content, member.header_offset + 26)
    first = member.header_offset + 30 + name + extra
    span = memoryview(content)[first : first + member.file_size]
    if len(span) != member.file_size or zlib.crc32(span) != member.CRC:
        raise ValueError(member.filename)
    return span


def _read_in_a_row(content: bytes) -> Any:
    stream = io.BytesIO(content)
    if _next(stream, content, {})[0] != _MAGIC:
        raise ValueError("no magic number")
    protocol, system = _next(stream, content, {})[0], _next(stream, content, {})[0]
    if protocol != _PROTOCOL:
        raise ValueError(protocol)
    if system["little_endian"] is not (sys.byteorder == "little"):
        raise RefusedError(f"has another byte order than this machine: save it on one that is {sys.byteorder}-endian")
    spans: dict[str, memoryview] = {}
    value, storages = _next(stream, content, spans)
    keys, _ = _next(stream, content, {})
    first = stream.tell()
    for key in keys:
        storage = storages[key]
        if struct.unpack_from("<q", content, first)[0] != storage.numbers:
            raise ValueError(key)
        end = first + 8 + storage.numbers * storage.dtype.itemsize
        spans[key] = memoryview(content)[first + 8 : end]
        _check_length(spans[key], storage)
        first = end
    if spans.keys() != storages.keys():
        raise ValueError(keys)
    return value


def _next(stream: io.BytesIO, content: bytes, spans: Spans) -> tuple[Any, dict[str, Storage]]:
    """The next pickle of a stream over the content, and the storages that it names."""
    first = stream.tell()
    check_pickle(stream)
    return unpickle(content[first : stream.tell()], spans)


def _check_length(span: memoryview, storage: Storage) -> None:
    if len(span) != storage.numbers * storage.dtype.itemsize:
        raise ValueError(storage.key)
