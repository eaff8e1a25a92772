"""Files that somebody made to be more than they are: a seeded generator of hostile and damaged checkpoints.

Each case is a name, the ending of the file and its content. None of them is a checkpoint that should be read.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import safetensors.torch
import torch
from torch import Tensor

from htrdata.labels import PRINTABLE
from htrmodel.config import RecogniserConfig
from htrmodel.recogniser import Recogniser


class Case(NamedTuple):
    """A file."""

    name: str
    suffix: str
    content: bytes


def base(architecture: str = "None-VGG-None-CTC", **fields: Any) -> Recogniser:
    """A narrow recogniser."""
    torch.manual_seed(0)
    sizes: dict[str, Any] = {"charset": PRINTABLE, "output_channel": 8, "hidden_size": 8, "num_fiducial": 4} | fields
    return Recogniser(RecogniserConfig(architecture=architecture, **sizes)).eval()


class Call:
    """What a pickle calls when it is read."""

    def __init__(self, function: Callable[..., Any], *args: object, state: object = None) -> None:
        self.reduced = (function, args) if state is None else (function, args, state)

    def __reduce__(self) -> tuple[Any, ...]:
        return self.reduced


class Persistent:
    """What a pickle has beside it."""

    def __init__(self, *pid: object) -> None:
        self.pid = pid


class _Pickler(pickle.Pickler):
    def persistent_id(self, obj: Any) -> Any:
        return obj.pid if isinstance(obj, Persistent) else None


def pickled(value: object, protocol: int = 2) -> bytes:
    """A pickle, of calls too."""
    content = io.BytesIO()
    _Pickler(content, protocol).dump(value)
    return content.getvalue()


def archive(pickle_bytes: bytes, records: Mapping[str, bytes], **also: bytes) -> bytes:
    """A file as torch.save writes it, around any pickle."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name, data in {"data.pkl": pickle_bytes, **records, "version": b"3\n", **also}.items():
            file.writestr(f"archive/{name}", data)
    return content.getvalue()


def in_a_row(pickle_bytes: bytes, storages: Mapping[str, tuple[int, bytes]]) -> bytes:
    """A file as torch wrote it before 1.6, around any pickle."""
    system = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    heads = [pickle.dumps(value, 2) for value in (0x1950A86A20F9469CFC6C, 1001, system)]
    tails = [struct.pack("<q", count) + data for count, data in storages.values()]
    return b"".join([*heads, pickle_bytes, pickle.dumps(list(storages), 2), *tails])


def tensor(
    size: object,
    stride: object = (1,),
    *,
    offset: object = 0,
    kind: type = torch.FloatStorage,
    count: object = 4,
    key: object = "0",
    legacy: bool = False,
) -> Call:
    """A tensor over the storage ``0`` of four numbers, however wrong."""
    pid = ("storage", kind, key, "cpu", count, *([None] if legacy else []))
    rebuild = torch._utils._rebuild_tensor_v2
    return Call(rebuild, Persistent(*pid), offset, size, stride, False, OrderedDict())


def cases() -> list[Case]:
    """All files, always the same."""
    found = [*_wrong_tensors(), *_wrong_pickles(), *_wrong_archives(), *_wrong_weights()]
    found += [*_wrong_headers(), *_wrong_records(), *_flipped()]
    assert len({case.name for case in found}) == len(found)
    return found


def _wrong_tensors() -> Iterator[Case]:
    huge = 2**40
    wrong: dict[str, dict[str, Any]] = {
        "expanded": {"size": (800_000, 4_000), "stride": (0, 0)},
        "partly-expanded": {"size": (4, 10**9), "stride": (1, 0)},
        "size-2^40": {"size": (huge,), "stride": (1,)},
        "size-2^70": {"size": (2**70, 0), "stride": (1, 1)},
        "size-negative": {"size": (-4,)},
        "size-float": {"size": (4.0,)},
        "size-text": {"size": ("4",)},
        "size-list": {"size": [4]},
        "size-none": {"size": None},
        "size-nested": {"size": ((4,),)},
        "size-bool": {"size": (True,)},
        "dimensions": {"size": (1,) * 100, "stride": (1,) * 100},
        "stride-2^40": {"size": (2,), "stride": (huge,)},
        "stride-negative": {"size": (4,), "stride": (-1,)},
        "stride-short": {"size": (2, 2), "stride": (1,)},
        "stride-text": {"size": (4,), "stride": ("1",)},
        "offset-beyond": {"size": (4,), "offset": 1},
        "offset-negative": {"size": (4,), "offset": -1},
        "offset-2^40": {"size": (4,), "offset": huge},
        "offset-float": {"size": (4,), "offset": 0.5},
        "count-2^40": {"size": (huge,), "count": huge},
        "count-more": {"size": (400,), "count": 400},
        "count-negative": {"size": (4,), "count": -4},
        "count-text": {"size": (4,), "count": "4"},
        "count-list": {"size": (4,), "count": [4]},
        "key-missing": {"size": (4,), "key": "1"},
        "key-number": {"size": (4,), "key": 0},
        "key-path": {"size": (4,), "key": "../data.pkl"},
        "complex": {"size": (4,), "kind": torch.ComplexFloatStorage},
        "quantised": {"size": (4,), "kind": torch.QInt8Storage},
        "untyped": {"size": (4,), "kind": torch.UntypedStorage},
        "no-type": {"size": (4,), "kind": OrderedDict},
    }
    for name, fields in wrong.items():
        legacy = pickled({"FeatureExtraction.ConvNet.18.weight": tensor(**fields, legacy=True)})
        modern = pickled({"FeatureExtraction.ConvNet.18.weight": tensor(**fields)})
        yield Case(f"tensor-{name}", ".pth", archive(modern, {"data/0": bytes(16)}))
        yield Case(f"tensor-{name}-legacy", ".pth", in_a_row(legacy, {"0": (4, bytes(16))}))


def _wrong_pickles() -> Iterator[Case]:
    good = tensor((4,))
    looped: dict[str, Any] = {}
    looped["a"] = looped
    values: dict[str, object] = {
        "system": {"a": Call(os.system, "touch executed")},
        "eval": {"a": Call(eval, "1")},
        "bytearray": {"a": Call(bytearray, 2**34)},
        "tensor-class": {"a": Call(torch.Tensor, 10**5, 10**5)},
        "empty-call": {"a": Call(torch.empty, (2**34,))},
        "sparse": {"a": Call(torch._utils._rebuild_sparse_tensor, 7, (good, good, (2**40,)))},
        "storage-alone": {"a": Persistent("storage", torch.FloatStorage, "0", "cpu", 4)},
        "persistent-empty": {"a": Persistent()},
        "persistent-other": {"a": Persistent("module", torch.FloatStorage, "0", "cpu", 4)},
        "call-type": {"a": Call(OrderedDict, 7)},
        "call-size": {"a": Call(torch.Size, 2**40)},
        "no-arguments": {"a": Call(torch._utils._rebuild_tensor_v2)},
        "state-of-tensor": {"a": Call(torch._utils._rebuild_tensor_v2, *good.reduced[1], state={"shape": (1,)})},
        "state-of-dict": Call(OrderedDict, [["a", 1]], state={"items": 5, "keys": 5}),
        "looped": looped,
        "number": 7,
        "text": "weights",
        "list": [good],
        "tuple": (good,),
        "tensor": good,
        "none": None,
        "empty": {},
        "keys-of-numbers": {0: good, 1: good},
        "keys-of-tuples": {("a",): good},
        "key-of-controls": {"\x1b[2J\x1b]0;gone\x07": good},
        "key-long": {"k" * 1_000_000: good},
        "two-models": {"model": {"FeatureExtraction.a": good}, "ema": {"FeatureExtraction.a": good}},
        "two-prefixes": {"module.FeatureExtraction.a": good, "FeatureExtraction.b": good},
        "strays": {"FeatureExtraction.a": good, "criterion.weight": good},
        "one-memory": {f"FeatureExtraction.{number}": tensor((10**4,), count=10**4) for number in range(2000)},
    }
    for name, value in values.items():
        numbers = bytes(4 * 10**4 if name == "one-memory" else 16)
        yield Case(f"pickle-{name}", ".pth", archive(pickled(value), {"data/0": numbers}))
    raw = {
        "memo": b"\x80\x02Nr\xff\xff\xff\x7f.",
        "deep-tuple-key": b"\x80\x02}N" + b"\x85" * 1_000_000 + b"Ns.",
        "tuple-key-19000": b"\x80\x02}N" + b"\x85" * 19_000 + b"Ns.",
        "deep-list": b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b".",
        "long": b"\x80\x02" + b"N0" * 400_000 + b"N.",
        "protocol-4": pickled({"a": 1}, 4),
        "protocol-0": pickled({"a": 1}, 0),
        "stack": b"\x80\x02tR.",
        "cut": pickled({"a": good})[:-20],
        "text-of-4-GB": b"\x80\x02X\xff\xff\xff\xff.",
        "number-of-digits": b"\x80\x02\x8b\xff\xff\xff\x7f.",
        "get-nothing": b"\x80\x02h\x07.",
        "nothing": b"",
        "not-utf-8": b"\x80\x02}X\x01\x00\x00\x00\xffNs.",
        "name-of-controls": b"\x80\x02cos\x1b[2J\nsys\rtem\n.",
        "extension": b"\x80\x02\x82\x01.",
        "frozen": b"\x80\x04(\x91.",
    }
    for name, content in raw.items():
        yield Case(f"pickle-{name}", ".pth", archive(content, {"data/0": bytes(16)}))
        yield Case(f"pickle-{name}-legacy", ".pth", in_a_row(content, {"0": (4, bytes(16))}))
    yield Case("pickle-bare", ".pth", pickled({"a": 1}))
    meta = io.BytesIO()
    torch.save({"a": torch.empty(2**30, 2**8, device="meta")}, meta)
    yield Case("pickle-meta", ".pth", meta.getvalue())
    whole = io.BytesIO()
    torch.save(torch.nn.Linear(2, 2), whole)
    yield Case("pickle-module", ".pth", whole.getvalue())


def _wrong_archives() -> Iterator[Case]:
    good = pickled({"FeatureExtraction.ConvNet.18.weight": tensor((4,))})
    numbers = {"data/0": bytes(16)}
    yield Case("archive-script", ".pth", archive(good, numbers, **{"constants.pkl": b""}))
    yield Case("archive-big-endian", ".pth", archive(good, numbers, byteorder=b"big"))
    yield Case("archive-no-numbers", ".pth", archive(good, {}))
    yield Case("archive-few-numbers", ".pth", archive(good, {"data/0": bytes(8)}))
    yield Case("archive-two-pickles", ".pth", archive(good, numbers, **{"more/data.pkl": good}))
    yield Case("archive-cut", ".pth", archive(good, numbers)[:-30])
    yield Case("archive-head", ".pth", b"PK\x03\x04" + bytes(100))
    yield Case("archive-empty", ".pth", b"PK\x05\x06" + bytes(18))
    damaged = bytearray(archive(good, {"data/0": b"0123456789abcdef"}))
    damaged[damaged.index(b"0123456789abcdef") + 3] ^= 1
    yield Case("archive-flipped-number", ".pth", bytes(damaged))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("archive/data.pkl", good)
        file.writestr("archive/data/0", bytes(200_000_000))
    yield Case("archive-bomb", ".pth", content.getvalue())
    claimed = bytearray(archive(good, numbers))
    place = claimed.rindex(b"PK\x01\x02", 0, claimed.rindex(b"archive/data/0"))
    claimed[place + 20 : place + 28] = struct.pack("<II", 2**31, 2**31)
    yield Case("archive-claims-2-GB", ".pth", bytes(claimed))
    old = pickled({"FeatureExtraction.ConvNet.18.weight": tensor((4,), legacy=True)})
    yield Case("row-few-numbers", ".pth", in_a_row(old, {"0": (4, bytes(8))}))
    yield Case("row-other-count", ".pth", in_a_row(old, {"0": (2**40, bytes(16))}))
    yield Case("row-no-numbers", ".pth", in_a_row(old, {}))


def _saved(weights: Mapping[str, object]) -> bytes:
    content = io.BytesIO()
    torch.save(dict(weights), content)
    return content.getvalue()


def _wrong_weights() -> Iterator[Case]:
    """State dicts of the family, with something wrong in one tensor."""
    plain, rectifying = base().state_dict(), base("TPS-VGG-None-Attn").state_dict()
    key, points = "FeatureExtraction.ConvNet.18.weight", "Transformation.LocalizationNetwork.localization_fc2"
    changes: dict[str, tuple[Mapping[str, Tensor], dict[str, Tensor]]] = {
        "nan": (plain, {key: torch.full((8, 8, 2, 2), float("nan"))}),
        "inf": (plain, {"Prediction.bias": torch.full((95,), float("-inf"))}),
        "nan-in-half": (plain, {"Prediction.bias": torch.full((95,), float("nan"), dtype=torch.float16)}),
        "nan-in-statistics": (plain, {"FeatureExtraction.ConvNet.12.running_var": torch.full((8,), float("nan"))}),
        "integers": (plain, {key: torch.zeros(8, 8, 2, 2, dtype=torch.int32)}),
        "booleans": (plain, {key: torch.zeros(8, 8, 2, 2, dtype=torch.bool)}),
        "floats-for-a-count": (plain, {"FeatureExtraction.ConvNet.12.num_batches_tracked": torch.tensor(0.5)}),
        "expanded-channels": (plain, {key: torch.zeros(1, 1, 1, 1).expand(16_384, 16_384, 2, 2)}),
        "expanded-head": (plain, {"Prediction.weight": torch.zeros(1, 1).expand(95, 10**8)}),
        "no-dimensions": (plain, {key: torch.zeros(())}),
        "empty": (plain, {key: torch.zeros(0, 8, 2, 2)}),
        "one-class": (plain, {"Prediction.weight": torch.zeros(1, 8), "Prediction.bias": torch.zeros(1)}),
        "one-class-attention": (rectifying, {"Prediction.generator.weight": torch.zeros(1, 8)}),
        "points-40000": (
            rectifying,
            {f"{points}.bias": torch.zeros(80_000), f"{points}.weight": torch.zeros(1, 1).expand(80_000, 256)},
        ),
        "points-40000-stored": (rectifying, {f"{points}.bias": torch.zeros(80_000)}),
        "points-odd": (rectifying, {f"{points}.bias": torch.zeros(10)}),
        "points-none": (rectifying, {f"{points}.bias": torch.zeros(0)}),
        "grid-nan": (rectifying, {"Transformation.GridGenerator.P_hat": torch.full((3200, 7), float("nan"))}),
        "grid-wide": (rectifying, {"Transformation.GridGenerator.P_hat": _grid(1e-7)}),
        "grid-flat": (rectifying, {"Transformation.GridGenerator.P_hat": torch.zeros(3200)}),
    }
    for name, (weights, change) in changes.items():
        changed = {**weights, **change}
        yield Case(f"weights-{name}", ".pth", _saved(changed))
        behind = {f"model.module.{key}": value for key, value in changed.items()}
        yield Case(f"weights-{name}-behind", ".ckpt", _saved({"state_dict": behind, "epoch": 3}))
    named = {name.replace("12.", "1\x1b2.\r"): value for name, value in plain.items()}
    yield Case("weights-of-control-characters", ".pth", _saved(named))
    without = {name: value for name, value in plain.items() if name != key}
    yield Case("weights-without-trunk", ".pth", _saved(without))
    yield Case(
        "weights-of-two-trunks", ".pth", _saved({**plain, "FeatureExtraction.ConvNet.10.weight": torch.zeros(8)})
    )


def _grid(step: float) -> Tensor:
    """Terms of a grid whose first pixel lies that near the edge: of an image of many millions of columns."""
    terms = torch.zeros(3200, 7)
    terms[:, 1:3] = step - 1
    return terms


def native(
    weights: Mapping[str, Tensor] | None = None, *, entry: str | None = None, config: object = None, **record: object
) -> bytes:
    """A safetensors file with a record of any kind."""
    recogniser = base()
    whole = {
        "format": 1,
        "config": recogniser.config.to_dict() if config is None else config,
        "versions": {},
        "metrics": {},
        "data": {},
    } | record
    tensors = recogniser.state_dict() if weights is None else weights
    content = {key: value.contiguous() for key, value in tensors.items()}
    return safetensors.torch.save(content, {"htrmodel": json.dumps(whole) if entry is None else entry})


def _headed(header: bytes, data: bytes = b"") -> bytes:
    return struct.pack("<Q", len(header)) + header + data


def _wrong_headers() -> Iterator[Case]:
    entry = {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}
    wrong: dict[str, object] = {
        "shape-2^40": entry | {"shape": [2**40]},
        "shape-2^63": entry | {"shape": [2**63]},
        "shape-2^70": entry | {"shape": [2**70]},
        "shape-product": entry | {"shape": [2**40, 2**40]},
        "shape-negative": entry | {"shape": [-4]},
        "shape-float": entry | {"shape": [4.0]},
        "shape-text": entry | {"shape": "4"},
        "shape-none": entry | {"shape": None},
        "shape-deep": entry | {"shape": [[4]]},
        "offsets-beyond": entry | {"data_offsets": [0, 160]},
        "offsets-back": entry | {"data_offsets": [16, 0]},
        "offsets-2^64": entry | {"data_offsets": [0, 2**64]},
        "offsets-one": entry | {"data_offsets": [0]},
        "dtype-unknown": entry | {"dtype": "F3"},
        "dtype-number": entry | {"dtype": 3},
        "dtype-8-bits": {"dtype": "F8_E4M3", "shape": [16], "data_offsets": [0, 16]},
        "dtype-boolean": {"dtype": "BOOL", "shape": [16], "data_offsets": [0, 16]},
        "dtype-unsigned": {"dtype": "U64", "shape": [2], "data_offsets": [0, 16]},
        "nothing": {},
        "null": None,
        "list": [entry],
    }
    for name, value in wrong.items():
        header = json.dumps({"Prediction.bias": value}).encode()
        yield Case(f"header-{name}", ".safetensors", _headed(header, bytes(16)))
    deep = b"[" * 100_000 + b"]" * 100_000
    yield Case("header-deep", ".safetensors", _headed(b'{"__metadata__": ' + deep + b"}"))
    yield Case("header-deep-shape", ".safetensors", _headed(b'{"a": {"dtype": "F32", "shape": ' + deep + b"}}"))
    yield Case("header-2^31", ".safetensors", struct.pack("<Q", 2**31) + b"{" + bytes(100))
    yield Case("header-longer", ".safetensors", struct.pack("<Q", 10**6) + b"{}" + bytes(100))
    yield Case("header-not-utf-8", ".safetensors", _headed(b'{"\xff": 1}'))
    yield Case("header-twice", ".safetensors", _headed(b'{"a": {}, "a": {}}'))
    yield Case("header-empty", ".safetensors", _headed(b"{}"))
    yield Case("header-metadata-number", ".safetensors", _headed(b'{"__metadata__": {"htrmodel": 7}}'))
    yield Case("header-overlap", ".safetensors", _headed(json.dumps({"a": entry, "b": entry}).encode(), bytes(16)))
    yield Case("header-cut", ".safetensors", native()[:3000])
    yield Case("header-and-more", ".safetensors", native() + bytes(10))


def _wrong_records() -> Iterator[Case]:
    config = base().config.to_dict()
    values: dict[str, object] = {
        "2^40": 2**40,
        "text": "32",
        "float": 32.5,
        "list": [32],
        "null": None,
        "true": True,
        "negative": -1,
    }
    for field in ("output_channel", "hidden_size", "num_fiducial", "height", "width", "max_length"):
        for name, value in values.items():
            yield Case(f"config-{field}-{name}", ".safetensors", native(config=config | {field: value}))
    fields: dict[str, dict[str, object]] = {
        "points-40000": {"num_fiducial": 40_000, "architecture": "TPS-VGG-None-CTC"},
        "pixels": {"height": 16_000, "width": 16_000},
        "grid": {"architecture": "TPS-VGG-None-CTC", "height": 1024, "width": 4096},
        "mean": {"mean": [0.5]},
        "std-0": {"std": 0},
        "architecture": {"architecture": "TPS-" * 1000},
        "architecture-list": {"architecture": ["None"]},
        "resize": {"resize": 3},
        "charset-text": {"charset": "abc"},
        "charset-list": {"charset": {"name": "x", "characters": ["ab"], "folds_case": False}},
        "charset-twice": {"charset": {"name": "x", "characters": "a" * 1_000_000, "folds_case": False}},
        "charset-large": {"charset": _charset(map(chr, range(0x10000, 0x10000 + 500_000)))},
        "charset-surrogate": {"charset": {"name": "x", "characters": "\ud800a", "folds_case": False}},
        "charset-of-another-size": {"charset": _charset("abc")},
        "unknown": {"depth": 3},
    }
    for name, change in fields.items():
        yield Case(f"config-{name}", ".safetensors", native(config=config | change))
    yield Case("config-list", ".safetensors", native(config=[1]))
    yield Case("config-empty", ".safetensors", native(config={}))
    records: dict[str, dict[str, Any]] = {
        "format-text": {"format": "1"},
        "format-true": {"format": True},
        "format-2": {"format": 2},
        "format-list": {"format": [1]},
        "versions-list": {"versions": [1]},
        "metrics-text": {"metrics": "good"},
        "data-null": {"data": None},
        "digest-number": {"weights_sha256": 7},
        "digest-of-others": {"weights_sha256": "0" * 64},
    }
    for name, record in records.items():
        yield Case(f"record-{name}", ".safetensors", native(**record))
    entries = {
        "text": "nonsense",
        "list": "[]",
        "number": "7",
        "deep": "[" * 100_000 + "]" * 100_000,
        "deep-object": '{"a":' * 50_000 + "1" + "}" * 50_000,
        "digits": '{"format": ' + "9" * 5000 + "}",
        "nan": '{"format": NaN}',
        "twice": '{"format": 1, "format": 1}',
        "cut": '{"format": 1',
        "empty": "",
    }
    for name, entry in entries.items():
        yield Case(f"record-{name}", ".safetensors", native(entry=entry))
    weights = base().state_dict()
    bias = "Prediction.bias"
    changes = {
        "nan": {bias: torch.full((95,), float("nan"))},
        "inf-in-16-bits": {bias: torch.full((95,), float("inf"), dtype=torch.bfloat16)},
        "integers": {bias: torch.zeros(95, dtype=torch.int64)},
        "long-key": {"k" * 100_000: torch.zeros(1)},
    }
    for name, changed in changes.items():
        yield Case(f"native-{name}", ".safetensors", native(weights | changed))
    yield Case("native-missing", ".safetensors", native({key: value for key, value in weights.items() if key != bias}))


def _charset(characters: Any) -> dict[str, object]:
    return {"name": "x", "characters": "".join(characters), "folds_case": False}


def _flipped() -> Iterator[Case]:
    """Good files with one bit changed where the numbers or the names of weights are."""
    chance = random.Random(0)
    recogniser = base()
    content = io.BytesIO()
    torch.save(recogniser.state_dict(), content)
    whole = bytearray(content.getvalue())
    numbers = recogniser.state_dict()["Prediction.weight"].numpy().tobytes()
    first = whole.index(numbers)
    for number in range(10):
        flipped = bytearray(whole)
        flipped[first + chance.randrange(len(numbers))] ^= 1 << chance.randrange(8)
        yield Case(f"flipped-{number}", ".pth", bytes(flipped))
    from htrmodel.checkpoint.native import weights_digest

    ours = bytearray(native(weights_sha256=weights_digest(recogniser.state_dict())))
    first = ours.index(numbers)
    for number in range(10):
        flipped = bytearray(ours)
        flipped[first + chance.randrange(len(numbers))] ^= 1 << chance.randrange(8)
        yield Case(f"flipped-native-{number}", ".safetensors", bytes(flipped))
