"""Checkpoints as files: trained weights with all that is needed to use them, ours and those of other programs.

They come from strangers, too. What a file says is checked before its weights take memory: that it is a file, of which
kind it is, that keys, sizes and types are those of a recogniser; and then that all of its weights are numbers.
"""

from __future__ import annotations

import functools
import stat
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from htrdata.errors import BadDataError, SourceMissingError, StorageError, UsageError
from htrdata.files.refusals import refusal
from htrdata.labels import Charset
from htrmodel.checkpoint.contents import Checkpoint
from htrmodel.checkpoint.foreign import read_foreign
from htrmodel.checkpoint.native import check_digest, is_native, read_native
from htrmodel.checkpoint.settings import Settings, named_charset
from htrmodel.checkpoint.stored_tensor import StoredTensor
from htrmodel.checkpoint.weights_fit import check_fit, check_numbers
from htrmodel.config import RecogniserConfig
from htrmodel.recogniser import Recogniser
from htrmodel.starter import find_checkpoint

MOST_BYTES = 4 * 2**30
"""Of a file, at most: the largest of the family has 0.2 GB, 0.8 GB with the state of its optimizer."""


def load(
    path: Path | str,
    *,
    charset: Charset | str | None = None,
    height: int | None = None,
    width: int | None = None,
    pad: bool | None = None,
    max_length: int | None = None,
    say: Callable[[str], object] | None = None,
) -> Recogniser:
    """Loads a recogniser, in evaluation mode on the CPU.

    A ``.pth`` does not say all of its settings: those that neither an ``opt.txt`` beside it nor the arguments name are
    assumed, and that is said.

    Args:
        path: the file, or the name of one of `htrmodel.starter.STARTERS`.
        charset: what its classes are, where the file does not say so: a charset, ``alnum``, ``printable`` or a file;
            see `read_checkpoint`.
        height: pixel rows of the input; None, here and below, for what the file says.
        width: pixel columns of the input.
        pad: whether an image keeps its shape, and the right-hand side is filled, instead of being stretched.
        max_length: characters of the longest word.
        say: told in a sentence what was assumed; None for a warning.

    Raises:
        HtrError: as `read_checkpoint` does.
    """
    named = named_charset(charset, "charset")
    settings = Settings(charset=named, height=height, width=width, pad=pad, max_length=max_length)
    return load_as(path, settings, say or functools.partial(warnings.warn, stacklevel=3))


def load_as(path: Path | str, settings: Settings, say: Callable[[str], object]) -> Recogniser:
    """Loads a recogniser as `load` does.

    Args:
        path: the file, or the name of a starter.
        settings: what somebody says of it.
        say: told in a sentence what was assumed.

    Raises:
        HtrError: as `read_checkpoint` does.
    """
    checkpoint = read_checkpoint(path, settings)
    if checkpoint.assumed:
        say(checkpoint.assumed)
    recogniser = checkpoint.build()[0]
    recogniser.name, recogniser.data = str(path), checkpoint.data
    return recogniser


def read_checkpoint(path: Path | str, settings: Settings | None = None) -> Checkpoint:
    """Reads our own checkpoints and the ``.pth`` files of clova's benchmark and AttentionHTR, told apart by content.

    Args:
        path: the file, or the name of one of `htrmodel.starter.STARTERS`.
        settings: what somebody says of it. Our own files say all themselves; another charset is refused there, and
            another image size, padding or length replaces theirs. In a ``.pth`` 36 characters are assumed to be those
            of `htrdata.labels.ALNUM` and 94 those of `PRINTABLE`, and `htrmodel.checkpoint.clova.USUAL`. To change the
            charset, give another one to `Checkpoint.build`.

    Raises:
        SourceMissingError: there is no such file, or the installation lacks the starter.
        StorageError: it cannot be read.
        BadDataError: it is no checkpoint, damaged, holds more than tensors, its keys or sizes do not fit together, or
            a weight is no number.
        UsageError: the settings do not fit the file, or it is an ``.onnx``.
    """
    path = find_checkpoint(path)
    settings = settings or Settings()
    try:
        head = _head(path)
        if is_native(head):
            return _native(path, settings)
        if path.suffix.lower() == ".onnx":
            raise UsageError(
                f"{path}: an .onnx is a graph, which `htrmodel predict`, `evaluate` and `align --xml` read with; give "
                "the checkpoint it was made from"
            )
        _refuse_others(path, head)
        config, weights, assumed = read_foreign(path, settings)
        return Checkpoint(path, config, _fetched(path, weights, config), assumed=assumed)
    except (FileNotFoundError, NotADirectoryError):
        raise SourceMissingError(f"no checkpoint at {path}") from None
    except IsADirectoryError:
        raise UsageError(f"{path} is a folder, not a checkpoint: {_in_it(path)}") from None
    except OSError as error:
        raise StorageError(f"cannot read {path}: {refusal(error, path)}") from error


def _in_it(folder: Path) -> str:
    """What may be meant by a folder in a checkpoint's place."""
    best = [path for name in ("best.safetensors", "last.safetensors") if (path := folder / name).is_file()]
    found = best or sorted(path for path in folder.iterdir() if path.suffix in (".safetensors", ".pth"))
    return f"name the file, perhaps {found[0]}" if found else "name a file, .safetensors or .pth"


def _head(path: Path) -> bytes:
    """The first bytes of what is a file."""
    about = path.stat()
    if not (stat.S_ISREG(about.st_mode) or stat.S_ISDIR(about.st_mode)):
        raise BadDataError(f"{path} is no regular file, but a device or a pipe: save the checkpoint as a file")
    if about.st_size > MOST_BYTES:
        raise BadDataError(
            f"{path} has {about.st_size:,} bytes, a recogniser {MOST_BYTES:,} at most: is it a checkpoint?"
        )
    with path.open("rb") as file:
        return file.read(64)


def _refuse_others(path: Path, head: bytes) -> None:
    """Names what is often saved in place of a checkpoint."""
    if not head:
        raise BadDataError(f"{path} is empty: get it again")
    if head.lstrip().startswith(b"<"):
        raise BadDataError(f"{path} is a web page, not a checkpoint: download it again")
    if head.startswith(b"version https://git-lfs"):
        raise BadDataError(f"{path} is a Git LFS pointer, not the checkpoint itself: run git lfs pull")


def _native(path: Path, settings: Settings) -> Checkpoint:
    record, stored = read_native(path)
    config = replace(record.config, **settings.model_fields())
    charset = settings.charset
    if charset is not None and charset.fingerprint != config.charset.fingerprint:
        raise UsageError(
            f"{path} reads charset {config.charset.name!r} ({len(config.charset.characters)} characters), not "
            f"{charset.name!r} ({len(charset.characters)}): fine-tune it to change the charset"
        )
    check_fit(path, stored, config)
    weights = {key: one.fetch() for key, one in stored.items()}
    check_digest(path, weights, record)
    return Checkpoint(path, config, _sound(path, weights), record.versions, record.metrics, record.data)


def _fetched(path: Path, stored: dict[str, StoredTensor], config: RecogniserConfig) -> dict[str, Tensor]:
    check_fit(path, stored, config)
    return _sound(path, {key: one.fetch() for key, one in stored.items()})


def _sound(path: Path, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights in the precision that is computed with."""
    check_numbers(path, weights)
    half = (torch.float16, torch.bfloat16)
    return {key: value.float() if value.dtype in half else value for key, value in weights.items()}
