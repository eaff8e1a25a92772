"""What the weights of other programs leave open: charset, image size, padding, length."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from htrdata.errors import UsageError
from htrdata.labels import Charset, find_charset
from htrmodel.config import ModelFields


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Settings of a recogniser that are not in its weights; None for each of which nothing is said.

    Attributes:
        charset: what its classes are.
        height: pixel rows of the input.
        width: pixel columns of the input.
        pad: whether an image keeps its shape, and the right-hand side is filled, instead of being stretched.
        max_length: characters of the longest word.
    """

    charset: Charset | None = None
    height: int | None = None
    width: int | None = None
    pad: bool | None = None
    max_length: int | None = None

    def model_fields(self) -> ModelFields:
        """What is said, but for the charset, as `htrmodel.config.RecogniserConfig` has it."""
        found: ModelFields = {}
        if self.height is not None:
            found["height"] = self.height
        if self.width is not None:
            found["width"] = self.width
        if self.pad is not None:
            found["resize"] = "pad" if self.pad else "stretch"
        if self.max_length is not None:
            found["max_length"] = self.max_length
        return found

    @property
    def complete(self) -> bool:
        """Whether nothing is left open."""
        return None not in (getattr(self, field.name) for field in fields(self))

    def over(self, other: Settings) -> Settings:
        """These settings, and those of the other one where nothing is said here."""
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        return replace(other, **{name: value for name, value in said.items() if value is not None})


def named_charset(given: Charset | str | None, option: str) -> Charset | None:
    """A charset, or the one that is called so: ``alnum``, ``printable`` or a file; see `htrdata.labels.find_charset`.

    Args:
        given: None for none.
        option: with which it was given, for messages.

    Raises:
        UsageError: there is none of that name, or it is ``all``.
    """
    if given is None or isinstance(given, Charset):
        return given
    found = find_charset(given)
    if found is None:
        raise UsageError(f"{option} {given}: a model needs to know its characters; name a file")
    return found
