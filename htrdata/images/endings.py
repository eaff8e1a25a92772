"""How the names of images end: which are read, by which decoders, and which are images that nothing here reads."""

from __future__ import annotations

from htrdata.images.codec import FORMATS, FORMATS_OF_FILES

ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".webp", ".bmp", ".gif"})
"""Of the images of data sets; in lower case, as all of these."""

_OF_FILES = frozenset({".jp2", ".j2k", ".jpf", ".jpx", ".pgm", ".ppm", ".pbm", ".pnm", ".avif"})

ENDINGS_OF_FILES = ENDINGS | _OF_FILES
"""Of a person's own images."""

UNREAD = {
    **dict.fromkeys((".heic", ".heif"), "HEIC"),
    **dict.fromkeys((".jxl",), "JPEG XL"),
    **dict.fromkeys((".svg",), "SVG"),
    **dict.fromkeys((".djvu", ".djv"), "DjVu"),
    **dict.fromkeys((".psd", ".xcf"), "of an image editor"),
    **dict.fromkeys((".cr2", ".cr3", ".nef", ".arw", ".dng", ".raf", ".orf", ".rw2"), "raw, as of a camera"),
}
"""What images are that no decoder here reads, by their endings."""


def ending_of(name: str) -> str:
    """The ending of a name with its dot, in lower case; empty where it has none."""
    dot = name.rfind(".")
    return name[dot:].lower() if dot > max(name.rfind("/"), name.rfind("\\")) else ""


def formats_of(name: str) -> tuple[str, ...]:
    """The formats that a file of this name may have: those of data sets, or all, where its ending is of the others."""
    return FORMATS_OF_FILES if ending_of(name) in _OF_FILES else FORMATS


def unread_note(counts: dict[str, int]) -> str:
    """Says of images that nothing here reads how many there are, and what to do.

    Args:
        counts: of them, by what `UNREAD` calls them.
    """
    total = sum(counts.values())
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(counts.items()))
    return f"{total:,} image{'s' if total > 1 else ''} cannot be read here ({kinds}): save them as PNG or JPEG"
