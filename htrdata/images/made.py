"""Images that come from no file: a source that draws its words makes them in the process that asks for them.

What sets them apart from an `htrdata.records.ImageFile` of any other kind: a build takes them at their word.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GreyJpeg:
    """A JPEG that this process has encoded itself: it is whole and grey, and no metadata turns it.

    Attributes:
        data: the encoded bytes.
        width: in pixels.
        height: in pixels.
    """

    data: bytes
    width: int
    height: int


class MadeImage(ABC):
    """An `ImageFile` whose bytes come from no file: the process that reads it makes them.

    It must never hold bytes that come from a file, or from anywhere else outside of this process: a build takes it at
    its word and checks nothing. It is not made where the source itself or the page rules the word out, but where its
    label is dropped it is. The same word must give the same image.
    """

    __slots__ = ()

    @property
    @abstractmethod
    def name(self) -> str:
        """What messages call it."""

    def size(self) -> int:
        """0: how many bytes it has is known when it is made."""
        return 0

    @abstractmethod
    def make(self) -> GreyJpeg:
        """Makes the image; the same one each time."""

    def read(self) -> bytes:
        """The encoded bytes of the image."""
        return self.make().data
