"""Options for what the weights of other programs leave open: the same for every command that takes a checkpoint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Concatenate, ParamSpec

import click

from htrdata.cli.console import echo
from htrdata.cli.typed_options import Decorator, as_request, with_options

if TYPE_CHECKING:
    from htrmodel.checkpoint.settings import Settings

Rest = ParamSpec("Rest")


@dataclass(frozen=True, slots=True)
class ForeignRequest:
    """What is said of a checkpoint that does not say it itself, by the names of `htrmodel.checkpoint.settings`."""

    charset: str | None
    height: int | None
    width: int | None
    pad: bool | None
    max_length: int | None

    def settings(self) -> Settings:
        """The same, with the charset itself.

        Raises:
            UsageError: there is no such charset.
        """
        from htrmodel.checkpoint.settings import Settings, named_charset

        return Settings(
            charset=named_charset(self.charset, "--charset"),
            height=self.height,
            width=self.width,
            pad=self.pad,
            max_length=self.max_length,
        )


_OPTIONS: list[Decorator] = [
    click.option(
        "--charset",
        "--from-charset",
        "charset",
        help="Of a .pth: alnum, printable, or a file.  [default: opt.txt beside it, else by the number of classes]",
    ),
    click.option("--height", type=int, help="Of a .pth: pixel rows.  [default: as its TPS, opt.txt, or 32]"),
    click.option("--width", type=int, help="Of a .pth: pixel columns.  [default: as its TPS, opt.txt, or 100]"),
    click.option(
        "--pad/--stretch",
        default=None,
        help="Of a .pth: keep images' shape, or not.  [default: opt.txt, or stretch]",
    ),
    click.option("--max-length", type=int, help="Of a .pth: characters of a word.  [default: opt.txt, or 25]"),
]


def foreign_options(command: Callable[Concatenate[ForeignRequest, Rest], None]) -> Callable[Rest, None]:
    """Gives a command these options, as its first value."""
    return with_options(_OPTIONS, as_request(ForeignRequest, command))


def say_assumed(assumed: str) -> None:
    """Tells a person what is assumed of a checkpoint."""
    echo(assumed, err=True)
