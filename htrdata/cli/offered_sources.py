"""Sources of other packages: a command for each, by the entry points of the group ``htrdata.sources``.

An entry point's name is that of the command; its value takes the root folder and returns a source. It is imported when
the command is run: a package that is broken does no harm to the others, nor to ``--help``.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING

import click

from htrdata.cli.build_options import BuildRequest, build_options
from htrdata.cli.building import run_build
from htrdata.cli.data_place import data_place
from htrdata.cli.misspelt import CommandGroup
from htrdata.cli.published_options import PublishedRequest
from htrdata.errors import UsageError

if TYPE_CHECKING:
    from htrdata.sources.base import Source

GROUP = "htrdata.sources"


class SourceGroup(CommandGroup):
    """A group that also has a command for each source that another package offers."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return sorted({*super().list_commands(ctx), *_offered()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command of this package, else one for the source of that name."""
        command = super().get_command(ctx, cmd_name)
        if command is None and cmd_name in _offered():
            return _source_command(_offered()[cmd_name][0])
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Finds what was typed.

        Raises:
            UsageError: a name that several have: nobody should guess which data set is meant.
        """
        _refuse_ambiguous(args[0], ours=args[0] in self.commands)
        return super().resolve_command(ctx, args)


def open_offered(point: EntryPoint, root: Path) -> Source:
    """Opens the source that an entry point names.

    Raises:
        UsageError: its package cannot be imported, or what it offers is no source.
        HtrError: as the source's own.
    """
    offer = f"the package {_package(point)} offers the source {point.name!r} as {point.value}, "
    try:
        make = point.load()
    except Exception as error:
        found = f"{type(error).__name__}: {error}"
        raise UsageError(f"{offer}which cannot be imported ({found}): mend it or uninstall the package") from error
    if not callable(make):
        raise UsageError(f"{offer}which is no function of a root folder but {make!r}: its author must mend that")
    from htrdata.sources.base import missing_members

    source: Source = make(root)
    if missing := missing_members(source):
        raise UsageError(
            f"{offer}which gives {source!r}, no source: it has no {', '.join(missing)}; its author must give it all "
            "members of htrdata.sources.base.Source"
        )
    return source


@functools.cache
def _offered() -> Mapping[str, tuple[EntryPoint, ...]]:
    found: dict[str, tuple[EntryPoint, ...]] = {}
    for point in entry_points(group=GROUP):
        found[point.name] = (*found.get(point.name, ()), point)
    return found


def _refuse_ambiguous(name: str, *, ours: bool) -> None:
    packages = [_package(point) for point in _offered().get(name, ())]
    if packages and ours:
        raise UsageError(
            f"the package {packages[0]} offers a source {name!r}, but htrdata has a command of that name: have its "
            "entry point renamed, or uninstall the package"
        )
    if len(packages) > 1:
        raise UsageError(f"the packages {' and '.join(packages)} both offer a source {name!r}: uninstall one of them")


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "?"


def _source_command(point: EntryPoint) -> click.Command:
    @click.command(point.name, help=f"Build {point.name}, a source of the package {_package(point)}.")
    @data_place(point.name)
    @build_options
    def command(asked: BuildRequest, published: PublishedRequest, root: Path) -> None:
        run_build(open_offered(point, root), asked, published)

    return command
