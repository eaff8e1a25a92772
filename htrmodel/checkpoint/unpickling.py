"""The pickles within what ``torch.save`` wrote, read without trusting them: see `htrmodel.checkpoint.pickled`."""

from __future__ import annotations

import io
import math
import pickle
import pickletools
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from htrdata.labels import visible
from htrmodel.checkpoint.stored_tensor import StoredTensor

_DIMENSIONS = 8

_PROTOCOL = 2

_OPERATIONS = 500_000
"""Of a pickle, at most: a state dict of 252 tensors with the state of an optimizer has some 30,000."""

_TUPLES = 20_000
"""Of a pickle, at most: Python hashes a tuple within a tuple on the stack, which has room for about 100,000."""

_KNOWN = re.compile(
    "PROTO|STOP|MARK|NONE|NEWTRUE|NEWFALSE|BININT[12]?|LONG1|BINFLOAT|BINUNICODE|SHORT_BINSTRING|GLOBAL|EMPTY_TUPLE|"
    "TUPLE[123]?|EMPTY_LIST|APPENDS?|EMPTY_DICT|SETITEMS?|(LONG_)?BIN(PUT|GET)|BINPERSID|NEWOBJ|REDUCE|BUILD"
)
"""What torch's pickles consist of."""

_STORAGES = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}

Spans = Mapping[str, memoryview]
"""The bytes of each storage, by its key."""


class RefusedError(Exception):
    """What is wrong with the file; the message goes on after its name."""


class Storage(NamedTuple):
    """The numbers of one or several tensors: of which type, under which key, and how many."""

    dtype: torch.dtype
    key: str
    numbers: int


class _Named(dict[Any, Any]):
    """Any of the kinds of dict that state dicts have, without what they have beside their entries."""

    def __setstate__(self, state: object) -> None:
        """Torch's state dicts have the versions of modules there."""


def check_pickle(stream: io.BytesIO) -> None:
    """Reads over a pickle to its end, without making anything of it.

    Raises:
        RefusedError: it is far longer than that of a recogniser.
        ValueError: torch writes no such pickle. Damaged ones raise whatever `pickletools` does.
    """
    tuples = 0
    for count, (operation, argument, _) in enumerate(pickletools.genops(stream)):
        tuples += operation.name.startswith("TUPLE")
        if count > _OPERATIONS or tuples > _TUPLES:
            raise RefusedError("holds far more than a recogniser: is it a checkpoint?")
        if operation.name == "PROTO" and argument != _PROTOCOL:
            raise RefusedError(f"is a pickle of protocol {argument}, torch writes {_PROTOCOL}: save it as torch does")
        if not _KNOWN.fullmatch(operation.name):
            raise ValueError(operation.name)
        if operation.name == "LONG_BINPUT" and int(argument or 0) > count:
            raise ValueError(argument)  # Python would make room for so many values


def unpickle(content: bytes, spans: Spans) -> tuple[Any, dict[str, Storage]]:
    """Reads a pickle that was checked.

    Args:
        content: the pickle.
        spans: where the tensors will find their numbers when they are fetched; it may be filled later.

    Returns:
        Plain values and a `StoredTensor` for each tensor; and the storages that these name.

    Raises:
        RefusedError: it holds something else. Damaged ones raise whatever `pickle` does.
    """
    unpickler = _Unpickler(content, spans)
    return unpickler.load(), unpickler.storages


class _Tensors:
    """Describes tensors. Apart from the unpickler, whose memory of what it made would then hold on to itself.

    What a pickle calls are methods of it: a pickle can set attributes of what it has, and those of methods cannot be.
    """

    def __init__(self, spans: Spans) -> None:
        self._spans = spans

    def rebuild(self, storage: object, offset: int, size: object, stride: object, *_: object) -> StoredTensor:
        if not isinstance(storage, Storage) or not isinstance(size, tuple) or not isinstance(stride, tuple):
            raise TypeError("no tensor")
        if len(size) != len(stride) or len(size) > _DIMENSIONS:
            raise ValueError("no shape")
        if any(type(number) is not int or number < 0 for number in (offset, *size, *stride)):
            raise RefusedError(f"has a tensor whose sizes are {_short(size)}: sizes are whole numbers")
        count = math.prod(size)
        reach = offset + sum((length - 1) * step for length, step in zip(size, stride, strict=True)) + 1
        if count > storage.numbers or (count and reach > storage.numbers):
            raise RefusedError(
                f"has a tensor of {_short(size)} that asks for more numbers than the {storage.numbers:,} that the file "
                "has for it: save tensors as they are, not expanded"
            )
        return StoredTensor(size, storage.dtype, lambda: self._fetch(storage, offset, reach, size, stride))

    def parameter(self, data: object, *_: object) -> object:
        return data

    def _fetch(
        self, storage: Storage, offset: int, reach: int, size: tuple[int, ...], stride: tuple[int, ...]
    ) -> Tensor:
        if 0 in size:
            return torch.empty(size, dtype=storage.dtype)
        width = storage.dtype.itemsize
        numbers = bytearray(self._spans[storage.key][offset * width : reach * width])
        return torch.frombuffer(numbers, dtype=storage.dtype).as_strided(size, stride).clone()


class _Unpickler(pickle.Unpickler):
    """Makes plain values, and descriptions of tensors; whatever else a pickle may ask for is refused."""

    def __init__(self, content: bytes, spans: Spans) -> None:
        super().__init__(io.BytesIO(content))
        self.storages: dict[str, Storage] = {}
        tensors = _Tensors(spans)
        self._makers: dict[tuple[str, str], object] = {
            ("collections", "OrderedDict"): _Named,
            ("collections", "Counter"): _Named,
            ("torch", "Size"): tuple,
            ("torch._utils", "_rebuild_tensor_v2"): tensors.rebuild,
            ("torch._utils", "_rebuild_parameter"): tensors.parameter,
            **{("torch", kind): dtype for kind, dtype in _STORAGES.items()},
        }

    def find_class(self, module: str, name: str) -> Any:
        found = self._makers.get((module, name))
        asked = visible(f"{module}.{name}"[:100])
        if found is None and module in ("torch", "torch._utils", "torch._tensor", "torch.serialization"):
            raise RefusedError(
                f"has a tensor that is sparse, quantised, of the meta device or of another kind ({asked}): "
                "save dense ones"
            )
        if found is None:
            raise RefusedError(
                f"holds more than tensors ({asked}), which could run code when read: it is refused; whoever "
                "trusts it can save its weights alone: torch.save(model.state_dict(), FILE)"
            )
        return found

    def persistent_load(self, pid: Any) -> Storage:
        word, dtype, key, _, count, *view = pid
        if word != "storage" or not isinstance(dtype, torch.dtype) or type(key) is not str or type(count) is not int:
            raise TypeError(word)
        if any(view) or count < 0:
            raise ValueError(key)
        storage = Storage(dtype, key, count)
        if self.storages.setdefault(key, storage) != storage:
            raise ValueError(key)
        return storage


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
