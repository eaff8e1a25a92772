"""The card of a checkpoint: what a person must know of weights before using them, in Markdown, as hubs show it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from htrdata.errors import BadDataError
from htrdata.files.regular import read_regular
from htrmodel.checkpoint.contents import Checkpoint

_FENCE = "---\n"
_MOST = 1 << 24  # bytes of a card


def card_of(checkpoint: Checkpoint, name: str, licence: str | None) -> str:
    """The card that lies beside a checkpoint, under its name with ``.md``; else one of what the checkpoint says itself.

    Args:
        checkpoint: as it was read.
        name: what the weights are called.
        licence: the SPDX id of its terms, in lower case as Hugging Face has it; None where nobody says it.

    Returns:
        Markdown, which begins with the front matter that Hugging Face reads.

    Raises:
        BadDataError: what lies there is not UTF-8.
    """
    beside = checkpoint.path.with_suffix(".md")
    text = _read(beside) if beside.is_file() else _made(checkpoint, name)
    return text if text.startswith(_FENCE) else _front_matter(checkpoint, licence) + text


def _read(path: Path) -> str:
    try:
        return read_regular(path, _MOST).decode()
    except UnicodeDecodeError as error:
        raise BadDataError(
            f"{path} is the card, and not UTF-8 (byte {error.start:,}): convert it, or move it away"
        ) from error


def told_lines(name: str, value: object) -> Iterator[str]:
    """A value of JSON in lines, each with the names that lead to it; nothing where there is nothing to say."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from told_lines(f"{name} {key}", inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value, 1):
            yield from told_lines(f"{name} {number}", inner)
    elif value is not None:
        yield f"{name}: {value}"


def _front_matter(checkpoint: Checkpoint, licence: str | None) -> str:
    lines = ["library_name: htrmodel", "pipeline_tag: image-to-text", "tags:", "- handwriting", "- ocr"]
    lines += ["- synthetic"] if checkpoint.synthetic_only else []
    lines += [f"license: {licence}"] if licence else []
    return _FENCE + "".join(f"{line}\n" for line in lines) + _FENCE + "\n"


def _made(checkpoint: Checkpoint, name: str) -> str:
    config = checkpoint.config
    charset = config.charset
    unit = "lines" if config.reads_lines else "words"
    recogniser, _ = checkpoint.build()
    parameters = sum(parameter.numel() for parameter in recogniser.parameters())
    told = [
        *told_lines("trained and judged on", checkpoint.data),
        *told_lines("figures", checkpoint.metrics),
        *told_lines("version", checkpoint.versions),
    ]
    return "\n".join(
        [
            f"# {name}",
            "",
            f"Reads handwritten {unit}: {config.architecture}, {parameters / 1e6:.1f} million parameters, images of "
            f"{config.height} rows, {len(charset.characters)} characters ({charset.name}).",
            *(["", "**It has seen no real handwriting**, drawn words alone."] if checkpoint.synthetic_only else []),
            "",
            "    htrmodel pull OWNER/NAME --out model.safetensors",
            "    htrmodel predict crops/ --checkpoint model.safetensors",
            "",
            "What the checkpoint says of itself:",
            "",
            *(f"    {line}" for line in [f"characters: {charset.characters}", *told]),
            "",
        ]
    )


def card_place(checkpoint: Path) -> Path:
    """Where the card of a checkpoint lies."""
    return checkpoint.with_suffix(".md")
