"""The help of every command, as the commands print it."""

from __future__ import annotations

import click

from htrdata.cli.commands import commands as htrdata_commands
from htrmodel.cli.commands import commands as htrmodel_commands

PROGRAMS: dict[str, click.Group] = {"htrdata": htrdata_commands, "htrmodel": htrmodel_commands}


def substitutions() -> dict[str, str]:
    """``PROGRAM_help`` for each program: Markdown with a heading and the help of each of its commands."""
    return {f"{program}_help": "\n\n".join(_helps(program, group)) for program, group in PROGRAMS.items()}


def _helps(name: str, group: click.Group) -> list[str]:
    found: list[str] = []
    for one, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            found += _helps(f"{name} {one}", command)
        else:
            context = click.Context(command, info_name=f"{name} {one}", max_content_width=100)
            found.append(f"### {name} {one}\n\n```none\n{command.get_help(context)}\n```")
    return found
