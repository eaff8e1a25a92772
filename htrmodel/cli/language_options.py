"""Options for what helps reading, knowledge of a language and averaging: the same for every command that reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec

import click

from htrdata.cli.typed_options import Decorator, as_request, with_options

if TYPE_CHECKING:
    from htrmodel.language.knowledge import Knowledge

Rest = ParamSpec("Rest")

_FILE = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class LanguageRequest:
    """What is said of a language, and of averaging, by the names of `htrmodel.language.knowledge.read_knowledge`."""

    lm: Path | None
    lexicon: Path | None
    beam: int | None
    lm_weight: float | None
    lexicon_weight: float | None
    tta: bool

    @property
    def files(self) -> tuple[Path, ...]:
        """Those that are read."""
        return tuple(one for one in (self.lm, self.lexicon) if one is not None)

    def knowledge(self) -> Knowledge | None:
        """The knowledge itself; None where nothing is asked for.

        Raises:
            HtrError: as `htrmodel.language.knowledge.read_knowledge` does.
        """
        from htrmodel.language.knowledge import read_knowledge

        return read_knowledge(
            self.lm, self.lexicon, weight=self.lm_weight, lexicon_weight=self.lexicon_weight, beam=self.beam
        )

    def label(self, knowledge: Knowledge | None) -> str:
        """What helps reading, as the record of filled pages has it; empty for nothing.

        Args:
            knowledge: of `knowledge`.
        """
        return "+".join([*([] if knowledge is None else [knowledge.label]), *(["tta"] if self.tta else [])])


_OPTIONS: list[Decorator] = [
    click.option(
        "--lm",
        type=_FILE,
        metavar="english|french|FILE.lm",
        help="Read with a character model of the language: one that comes with the weights, or of `htrmodel lm`.",
    ),
    click.option(
        "--lexicon", type=_FILE, help="Prefer the words of this list, one on each line; others stay possible."
    ),
    click.option("--beam", type=click.IntRange(1, 1000), help="Texts kept at each step.  [default: 8]"),
    click.option("--lm-weight", type=float, help="Of the model against the pixels.  [default: 0.4]"),
    click.option("--lexicon-weight", type=float, help="What a word of the list gains, a logarithm.  [default: 1]"),
    click.option("--tta", is_flag=True, help="Read each image in seven slight variants, which vote: takes as long."),
]


def language_options(command: Callable[Concatenate[LanguageRequest, Rest], None]) -> Callable[Rest, None]:
    """A command with these options; it gets them as its first value."""
    return with_options(_OPTIONS, as_request(LanguageRequest, command))
