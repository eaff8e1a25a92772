"""Checkpoints: trained weights with all that is needed to use them.

Our own are one safetensors file. Its metadata has one entry, ``htrmodel``, a JSON object: ``format`` (1), ``config``
(the `RecogniserConfig`), ``versions``, ``metrics`` and ``data`` (what it was trained and judged on, by digest, and
how that was divided into splits). The keys of the tensors are clova's without ``module.``. Weights may be stored in 16
bits; they are computed with in 32. The ``.pth`` files of clova and AttentionHTR are read too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from htrdata.errors import BadDataError, SourceMissingError, StorageError, UsageError
from htrdata.files.writing import write_atomically
from htrdata.labels import Charset
from htrdata.version import __version__
from htrmodel.checkpoint.charset_change import CharsetChange, change_charset
from htrmodel.checkpoint.clova import grid_fits, grid_weights, infer_config, read_pth
from htrmodel.checkpoint.weights_fit import check_fit
from htrmodel.config import RecogniserConfig
from htrmodel.recogniser import Recogniser
from htrmodel.starter import find_checkpoint

FORMAT = 1
ENTRY = "htrmodel"
"""The metadata entry with the record."""

# Fields of a config that say nothing of the weights, or of few of them.
_FREE = {"charset", "height", "width", "max_length", "resize", "mean", "std"}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a checkpoint file holds.

    Attributes:
        path: where it was read.
        config: what its weights belong to.
        weights: the state dict of a recogniser, on the CPU, its numbers in float32 or float64.
        versions: the releases that wrote it; empty for a ``.pth``, as are metrics and data.
        metrics: results, by name.
        data: digests of what it was trained and judged on, by name; ``trained_on``, see
            `htrmodel.data.divisions.trained_on`; ``synthetic_only``; and ``starter``, true of the package's weights.
    """

    path: Path
    config: RecogniserConfig
    weights: Mapping[str, Tensor]
    versions: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def synthetic_only(self) -> bool:
        """Whether it says that it was trained on drawn words alone, from new weights on."""
        return self.data.get("synthetic_only") is True

    def build(self, config: RecogniserConfig | None = None) -> tuple[Recogniser, CharsetChange]:
        """Builds the recogniser, as it is or for other images or another charset.

        Args:
            config: what to build; None for the checkpoint's own. It may differ in charset, image size, length and
                normalisation.

        Returns:
            The recogniser in evaluation mode, on the CPU, in float32 or, where the weights are, in float64; and which
            characters have copied and which new weights.

        Raises:
            UsageError: the config differs in what the weights do not allow.
        """
        config = self.config if config is None else config
        for name in {one.name for one in fields(config)} - _FREE:
            mine, other = getattr(self.config, name), getattr(config, name)
            if mine != other:
                raise UsageError(f"{self.path} has {name} {mine!r}: it cannot start a model with {other!r}")
        weights, change = change_charset(self.weights, self.config, config)
        grid = grid_weights(config)
        weights = grid | weights if grid_fits(weights, config) else weights | grid
        return _recogniser(config, weights), change


def load(
    path: Path | str,
    *,
    charset: Charset | None = None,
    height: int | None = None,
    width: int | None = None,
    max_length: int | None = None,
) -> Recogniser:
    """Loads a recogniser, in evaluation mode on the CPU.

    Args:
        path: the file, or the name of one of `htrmodel.starter.STARTERS`.
        charset: what its classes are, where the file does not say so; see `read_checkpoint`.
        height: pixel rows of the input; None for what the file says.
        width: pixel columns of the input; None for what the file says.
        max_length: characters of the longest word; None for what the file says.

    Raises:
        HtrError: as `read_checkpoint` does.
    """
    checkpoint = read_checkpoint(path, charset=charset, height=height, width=width, max_length=max_length)
    recogniser = checkpoint.build()[0]
    recogniser.name, recogniser.data = str(path), checkpoint.data
    return recogniser


def read_checkpoint(
    path: Path | str,
    *,
    charset: Charset | None = None,
    height: int | None = None,
    width: int | None = None,
    max_length: int | None = None,
) -> Checkpoint:
    """Reads our own checkpoints and the ``.pth`` files of clova's benchmark and AttentionHTR, told apart by content.

    Args:
        path: the file, or the name of one of `htrmodel.starter.STARTERS`.
        charset: what its classes are. None for what the file says; a ``.pth`` does not, but 36 characters are those of
            `ALNUM` and 94 those of `PRINTABLE`. To change it, give another one to `Checkpoint.build`.
        height: pixel rows of the input; None for what the file says, 32 for a ``.pth``.
        width: pixel columns of the input; None for what the file says, 100 for a ``.pth``.
        max_length: characters of the longest word; None for what the file says, 25 for a ``.pth``.

    Raises:
        SourceMissingError: there is no such file, or the installation lacks the starter.
        StorageError: it cannot be read.
        BadDataError: it is no checkpoint, damaged, holds more than tensors, or its keys or sizes do not fit together.
        UsageError: the arguments do not fit the file, or it is an ``.onnx``.
    """
    path = find_checkpoint(path)
    try:
        if _is_safetensors(path):
            checkpoint = _resized(_read_native(path, charset), height, width, max_length)
        elif path.suffix.lower() == ".onnx":
            raise UsageError(f"{path}: an .onnx is for `htrmodel predict` alone; give the checkpoint it was made from")
        else:
            checkpoint = _read_foreign(path, charset, height, width, max_length)
    except (FileNotFoundError, NotADirectoryError):
        raise SourceMissingError(f"no checkpoint at {path}") from None
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}") from error
    check_fit(checkpoint.path, checkpoint.weights, checkpoint.config)
    return replace(checkpoint, weights={key: _widened(value) for key, value in checkpoint.weights.items()})


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
        data: what it was trained and judged on, as JSON can hold it; see `Checkpoint`.
        half: store the parameters in float16, which halves the file. Batch statistics and the constants of TPS stay as
            they are: they are small, and every reading depends on them.

    Raises:
        UsageError: a weight is too large for float16.
        CannotCreateError: the file cannot be created there.
        StorageError: writing failed.
    """
    record = {
        "format": FORMAT,
        "config": recogniser.config.to_dict(),
        "versions": {"htrdata": __version__, "torch": torch.__version__},
        "metrics": dict(metrics or {}),
        "data": dict(data or {}),
    }
    weights = {key: value.detach().cpu().contiguous() for key, value in recogniser.state_dict().items()}
    if half:
        weights |= {key: _halved(key, weights[key]) for key, _ in recogniser.named_parameters()}
    write_atomically(path, safetensors.torch.save(weights, {ENTRY: json.dumps(record, ensure_ascii=False)}))


def _halved(key: str, weight: Tensor) -> Tensor:
    halved = weight.half()
    if not bool(halved.isfinite().all()):
        raise UsageError(f"{key} has {weight.abs().max():g}, which float16 cannot hold: save it without half")
    return halved


def _widened(weight: Tensor) -> Tensor:
    return weight.float() if weight.dtype in (torch.float16, torch.bfloat16) else weight


def _is_safetensors(path: Path) -> bool:
    """Tells a safetensors file by its first bytes: the length of a JSON object, below 4 GiB, and its brace.

    Raises:
        BadDataError: the file is something that is often saved in place of a checkpoint.
    """
    with path.open("rb") as file:
        head = file.read(64)
    if head[4:9] == b"\0\0\0\0{":
        return True
    if not head:
        raise BadDataError(f"{path} is empty: get it again")
    if head.lstrip().startswith(b"<"):
        raise BadDataError(f"{path} is a web page, not a checkpoint: download it again")
    if head.startswith(b"version https://git-lfs"):
        raise BadDataError(f"{path} is a Git LFS pointer, not the checkpoint itself: run git lfs pull")
    return False


def _read_native(path: Path, charset: Charset | None) -> Checkpoint:
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            weights = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - not a mapping
    except SafetensorError as error:
        raise BadDataError(f"{path} is damaged, cut short or no checkpoint: get it again") from error
    if ENTRY not in metadata:
        raise BadDataError(f"{path} has no {ENTRY!r} entry: htrmodel did not write it, or a tool removed it")
    try:
        record = json.loads(metadata[ENTRY])
        if record["format"] != FORMAT:
            raise BadDataError(f"{path} has checkpoint format {record['format']!r}, this release reads {FORMAT}")
        config = RecogniserConfig.from_dict(record["config"])
        checkpoint = Checkpoint(path, config, weights, record["versions"], record["metrics"], record["data"])
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise BadDataError(f"{path} has an {ENTRY!r} entry that cannot be read: {error!r}") from error
    if charset is not None and charset.fingerprint != config.charset.fingerprint:
        raise UsageError(
            f"{path} reads charset {config.charset.name!r} ({len(config.charset.characters)} characters), not "
            f"{charset.name!r} ({len(charset.characters)}): fine-tune it to change the charset"
        )
    return checkpoint


def _resized(checkpoint: Checkpoint, height: int | None, width: int | None, max_length: int | None) -> Checkpoint:
    """The checkpoint for inputs and words of another size."""
    given = checkpoint.config
    config = replace(
        given,
        height=given.height if height is None else height,
        width=given.width if width is None else width,
        max_length=given.max_length if max_length is None else max_length,
    )
    return replace(checkpoint, config=config)


def _read_foreign(
    path: Path, charset: Charset | None, height: int | None, width: int | None, max_length: int | None
) -> Checkpoint:
    weights = read_pth(path)
    try:
        config = infer_config(weights, charset=charset, height=height, width=width, max_length=max_length)
    except (BadDataError, UsageError) as error:
        raise type(error)(f"{path}: {error}") from error
    return Checkpoint(path, config, weights)


def _recogniser(config: RecogniserConfig, weights: Mapping[str, Tensor]) -> Recogniser:
    """A recogniser with these weights, without drawing others first."""
    with torch.device("meta"):
        recogniser = Recogniser(config)
    if any(value.dtype == torch.float64 for value in weights.values()):
        recogniser.double()
    recogniser.to_empty(device="cpu")
    recogniser.load_state_dict(weights)
    recogniser.use_channels_last()
    return recogniser.eval()
