"""The target that is a checkpoint: safetensors and both forms of ``.pth``.

The first byte of an input says what the rest is: a file as it is; the JSON and, behind a NUL, the tensors of a
safetensors file, whose length is then put right; or the pickle in a ``.pth`` that is a zip, with storages of zeros.
"""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path

import safetensors.torch
import torch

from htrdata.labels import ALNUM
from htrmodel.checkpoint.files import read_checkpoint
from htrmodel.checkpoint.native import save
from htrmodel.config import RecogniserConfig
from htrmodel.recogniser import Recogniser

from .target import Target

AS_IS, SAFETENSORS, PICKLE = range(3)
_STORAGE = 4096  # bytes of each storage of a `.pth` that is put together
_STORAGES = 40


def read_checkpoint_file(data: bytes, folder: Path) -> None:
    path = folder / "model.bin"
    path.write_bytes(mended_checkpoint(data))
    checkpoint = read_checkpoint(path)
    recogniser, _ = checkpoint.build()
    assert all(bool(value.isfinite().all()) for value in recogniser.state_dict().values() if value.is_floating_point())


def mended_checkpoint(data: bytes) -> bytes:
    """The file that an input stands for."""
    kind, content = (data[0] % 3, data[1:]) if data else (AS_IS, b"")
    if kind == SAFETENSORS:
        head, _, tensors = content.partition(b"\0")
        return struct.pack("<Q", len(head)) + head + tensors
    if kind == PICKLE:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("archive/data.pkl", content)
            archive.writestr("archive/version", b"3\n")
            archive.writestr("archive/byteorder", b"little")
            for number in range(_STORAGES):
                archive.writestr(f"archive/data/{number}", bytes(_STORAGE))
        return packed.getvalue()
    return content


def checkpoint_seeds() -> Sequence[bytes]:
    """A narrow recogniser in each form."""
    torch.manual_seed(0)
    config = RecogniserConfig(charset=ALNUM, architecture="None-VGG-None-CTC", output_channel=8, width=16)
    recogniser = Recogniser(config).eval()
    own = io.BytesIO()
    folder = Path("/dev/shm") if Path("/dev/shm").is_dir() else Path("/tmp")
    place = folder / "seed.safetensors"
    save(recogniser, place)
    own.write(place.read_bytes())
    place.unlink()
    content = own.getvalue()
    (length,) = struct.unpack_from("<Q", content)
    state = {f"module.{key}": value for key, value in recogniser.state_dict().items()}
    modern, old = io.BytesIO(), io.BytesIO()
    torch.save(state, modern)
    torch.save(state, old, _use_new_zipfile_serialization=False)
    with zipfile.ZipFile(modern) as archive:
        (pickle,) = (archive.read(name) for name in archive.namelist() if name.endswith("data.pkl"))
    bare = safetensors.torch.save({"a": torch.zeros(2)}, {"htrmodel": json.dumps({"format": 1})})
    return [
        bytes([SAFETENSORS]) + content[8 : 8 + length] + b"\0" + content[8 + length :],
        bytes([AS_IS]) + content,
        bytes([PICKLE]) + pickle,
        bytes([AS_IS]) + old.getvalue(),
        bytes([AS_IS]) + modern.getvalue(),
        bytes([AS_IS]) + bare,
    ]


CHECKPOINT_TARGETS = (Target("checkpoint", read_checkpoint_file, checkpoint_seeds, runs=50_000, largest=1 << 17),)
