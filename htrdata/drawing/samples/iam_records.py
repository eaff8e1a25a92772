"""What is known of a drawn form of IAM: its lines, words and pieces of ink."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

MARKS = (",", ".", '"', ";", "&")
"""What is a word of its own though it has no letters."""


@dataclass(frozen=True, slots=True)
class FormJob:
    """All that a worker needs to draw one form.

    Attributes:
        form: its id.
        writer: the id of its writer, which with the seed fixes the hand.
        seed: of the sample.
        scale: of the form, 1 for its full size.
    """

    form: str
    writer: str
    seed: int
    scale: float


Component = tuple[int, int, int, int]
"""Left, upper edge, width and height, in pixels, of a piece of ink."""


@dataclass(slots=True)
class FormWord:
    """A word of a form.

    Attributes:
        id: its own.
        text: what was written.
        components: each connected piece of its ink; empty where the annotators have found none.
        png: its own image, as published: white but for the boxes of the components; None without components.
    """

    id: str
    text: str
    components: list[Component]
    png: bytes | None = None

    @property
    def tag(self) -> str:
        """Its part of speech; marks are their own."""
        return self.text if self.text in MARKS else "NN"

    @property
    def box(self) -> Component:
        """Left, upper edge, width and height; -1 each where it has no component."""
        return around(self.components)


@dataclass(slots=True)
class FormLine:
    """A line of a form.

    Attributes:
        id: its own.
        ok: whether its segmentation is.
        threshold: the grey level up to which it is ink.
        words: from the left to the right.
        png: its own image, as those of words.
    """

    id: str
    ok: bool
    threshold: int
    words: list[FormWord]
    png: bytes | None = None

    @property
    def flag(self) -> str:
        """``ok`` or ``err``."""
        return "ok" if self.ok else "err"

    @property
    def components(self) -> list[Component]:
        """Those of its words."""
        return [component for word in self.words for component in word.components]

    @property
    def box(self) -> Component:
        """Left, upper edge, width and height of all of its words."""
        return around(self.components)


@dataclass(slots=True)
class DrawnForm:
    """A form: what was asked for, its lines, and its page as a PNG."""

    job: FormJob
    lines: list[FormLine]
    png: bytes

    @property
    def words(self) -> Iterator[FormWord]:
        """The words of all lines."""
        return (word for line in self.lines for word in line.words)


def around(components: Sequence[Component]) -> Component:
    """The box around components; -1 each where there is none."""
    if not components:
        return -1, -1, -1, -1
    left, upper = (min(component[axis] for component in components) for axis in (0, 1))
    right, lower = (max(component[axis] + component[axis + 2] for component in components) for axis in (0, 1))
    return left, upper, right - left, lower - upper
