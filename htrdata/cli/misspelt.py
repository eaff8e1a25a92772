"""What to say of a command line that names nothing: unknown commands, options in a wrong place, words too many."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping

import click

from htrdata.cli.typed_options import Decorator

COMMANDS: Mapping[str, Collection[str]] = {
    "htrdata": (
        *("fetch", "imgur5k", "iam", "dhsd", "unipen", "xml", "folder", "synth", "sample"),
        *("verify", "preview", "info", "browse", "export"),
    ),
    "htrmodel": (
        *("finetune", "evaluate", "predict", "forecast", "align", "audit", "lm", "info", "export"),
        *("push", "pull"),
    ),
}
"""The commands of each program, for who types one of the other."""


class CommandGroup(click.Group):
    """A group that says which command, or which place of an option, may be meant."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Reads what stands before the command.

        Raises:
            click.UsageError: an option of a command stands there, or one that is none.
        """
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            if any(error.option_name in option.opts for name in self.commands for option in self._options(ctx, name)):
                place = f"It belongs behind the command: {ctx.command_path} COMMAND {error.option_name}"
                raise click.UsageError(f"{error.message} {place}", ctx) from error
            raise

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Finds what was typed.

        Raises:
            click.UsageError: there is no such command.
        """
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-") and not ctx.resilient_parsing:
            ctx.fail(f"No such command {name!r}. {self._instead(ctx, name)}")
        return super().resolve_command(ctx, args)

    def _options(self, ctx: click.Context, name: str) -> list[click.Parameter]:
        command = self.get_command(ctx, name)
        return [] if command is None else command.get_params(ctx)

    def _instead(self, ctx: click.Context, name: str) -> str:
        known = self.list_commands(ctx)
        elsewhere = [program for program, commands in COMMANDS.items() if name in commands]
        if elsewhere and ctx.parent is None:
            return f"Did you mean {elsewhere[0]} {name}?"
        if near := difflib.get_close_matches(name, known, cutoff=0.7):
            return f"Did you mean {' or '.join(near)}?"
        return f"There are {', '.join(known)}."


def stray_words(**options: str) -> Decorator:
    """A parameter that takes the words which no option asked for, to say which ones do.

    Args:
        **options: names of options that may be meant and what each gives: ``data="a store"`` for ``--data``.
    """

    def refuse(context: click.Context, _parameter: click.Parameter, words: tuple[str, ...]) -> None:
        if words:
            meant = "; ".join(f"{what} by --{option.replace('_', '-')}" for option, what in options.items())
            context.fail(f"Got unexpected extra argument ({' '.join(words)}). Here options name things: {meant}")

    return click.argument("stray", nargs=-1, metavar="", expose_value=False, callback=refuse)
