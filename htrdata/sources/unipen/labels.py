"""Labels: their escapes, and what contributors mean by some of them."""

from __future__ import annotations

import re

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_NO_LABELS = frozenset({"Word!", "AmpersanD", "@_SigN"})
_CAPITALS = frozenset({("pap", "bmcaps")})


def unquote(quoted: str) -> str:
    r"""The text of a label in quotes: ``\"`` and ``\\`` stand for one character, ``\@`` for none.

    The latter is how one contributor marks a letter whose last stroke comes later. What stands between the first and
    the last quotation mark counts, so that a quotation mark need not be escaped. White space at both ends is left out,
    and any within is one space.
    """
    text = quoted[1 : quoted.rindex('"')] if quoted.count('"') > 1 else quoted[1:]
    if text == "\\":
        return text  # as the published files have it where they are not patched
    return " ".join(_ESCAPE.sub(lambda match: "" if match[1] == "@" else match[1], text).split())


def as_written(text: str, contributor: str, writer: str) -> str:
    """The label in the form in which its word was written, as far as a whole writer's labels depart from that.

    Args:
        text: as `unquote` gives it.
        contributor: three letters.
        writer: the ``.WRITER_ID``.
    """
    if contributor == "lex":
        return text.replace("&&", "&")  # as Windows writes it in menus
    return text.upper() if (contributor, writer) in _CAPITALS else text  # this writer's words are all in capitals


def says_nothing(text: str) -> bool:
    """Whether a label is none: what a program of a contributor put in for want of one, or the name of a sign."""
    return text in _NO_LABELS
