"""Pictures in terminals that can show them: by Kitty's or iTerm2's protocol, else as blocks of two greys each."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterator, Mapping

from PIL import Image

_CHUNK = 4096  # bytes of base64 that Kitty's protocol takes at once
_WIDEST = 76  # columns of blocks


def terminal_picture(encoded: bytes, environment: Mapping[str, str] = os.environ) -> str:
    """A picture as text that a terminal shows as one.

    Args:
        encoded: JPEG or PNG.
        environment: tells which terminal it is.
    """
    with Image.open(io.BytesIO(encoded), formats=("JPEG", "PNG")) as image:
        picture = image.convert("RGB")
    if "KITTY_WINDOW_ID" in environment or environment.get("TERM") in ("xterm-kitty", "xterm-ghostty"):
        return "".join(_kitty(picture))
    if environment.get("TERM_PROGRAM") in ("iTerm.app", "WezTerm"):
        data = _png(picture)
        return f"\x1b]1337;File=inline=1;size={len(data)}:{base64.b64encode(data).decode()}\a"
    return _blocks(picture)


def _png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()


def _kitty(picture: Image.Image) -> Iterator[str]:
    """See https://sw.kovidgoyal.net/kitty/graphics-protocol: a PNG, shown at once, in pieces."""
    data = base64.b64encode(_png(picture)).decode()
    for first in range(0, len(data), _CHUNK):
        more = int(first + _CHUNK < len(data))
        keys = f"f=100,a=T,m={more}" if first == 0 else f"m={more}"
        yield f"\x1b_G{keys};{data[first : first + _CHUNK]}\x1b\\"


def _blocks(picture: Image.Image) -> str:
    """Two pixels to a character, the upper one as its colour, the lower one as that of its ground."""
    columns = min(_WIDEST, picture.width)
    rows = max(2, round(picture.height * columns / picture.width) // 2 * 2)
    pixels = picture.convert("L").resize((columns, rows), Image.Resampling.BOX).load()
    assert pixels is not None
    lines = []
    for y in range(0, rows, 2):
        cells = (
            f"\x1b[38;5;{_grey(pixels[x, y])}m\x1b[48;5;{_grey(pixels[x, y + 1])}m\N{UPPER HALF BLOCK}"
            for x in range(columns)
        )
        lines.append("".join(cells) + "\x1b[0m")
    return "\n".join(lines)


def _grey(level: object) -> int:
    """The nearest of the 24 greys of the 256 colours that nearly every terminal has."""
    assert isinstance(level, int)
    return 232 + level * 23 // 255
