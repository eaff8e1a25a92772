"""What README and the pages of `docs/` show: commands, sessions with what they print, and Python."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import click

from htrdata.cli.commands import commands as htrdata_commands
from htrmodel.cli.commands import commands as htrmodel_commands

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PROGRAMS: dict[str, click.Group] = {"htrdata": htrdata_commands, "htrmodel": htrmodel_commands}
_NOT_RUN = re.compile(r"(?m)^<!-- not run: .+ -->\n+")


@dataclass(frozen=True)
class Step:
    """A command behind a prompt, and what is shown of its output; an output of None is not shown."""

    command: str
    shown: str | None


def shown_commands(page: Path) -> list[str]:
    """The commands in the blocks of a page, in order, without the prompt and what explains them on the same line."""
    found = []
    continued = ""
    for line in page.read_text(encoding="utf-8").splitlines():
        if match := re.match(r" {4}(?:\$ )?((?:htrdata|htrmodel) .*)", continued + line):
            if line.endswith("\\"):
                continued += line.rstrip("\\") + " "
                continue
            for one in re.split(r"\s{3,}| && ", re.sub(r"\s+", " ", match[1]) if continued else match[1]):
                if one.split()[0] in PROGRAMS:
                    found.append(re.sub(r" [>|#] ?.*$", "", one))
        continued = ""
    return list(dict.fromkeys(found))


def sessions(page: Path) -> list[list[Step]]:
    """The blocks of a page that begin with a prompt, but not those before which a comment says they are not run."""
    text = _NOT_RUN.sub("not run:\n", page.read_text(encoding="utf-8"))
    found = []
    for before, block in re.findall(r"(?m)(^.*\n+)((?:^    .*\n)+)", text):
        parts = re.split(r"(?m)^    \$ (.*)\n", block)
        if len(parts) > 1 and not parts[0] and before.strip() != "not run:":
            outputs = ("".join(line[4:] + "\n" for line in part.splitlines()) or None for part in parts[2::2])
            found.append([Step(*pair) for pair in zip(parts[1::2], outputs, strict=True)])
    return found


def python_blocks(page: Path) -> list[str]:
    """The blocks of Python of a page."""
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def matches(shown: str, printed: str) -> bool:
    """Whether an output is what is shown; a line of ``…`` stands for any lines."""
    pattern = "\n".join(".*" if line == "…" else re.escape(line) for line in stable(shown).splitlines())
    return re.fullmatch(pattern, stable(printed).rstrip("\n"), re.DOTALL) is not None


def stable(text: str) -> str:
    """Output without what depends on machine and libraries: bytes of files, digests, seconds, the ends of lines."""
    text = re.sub(r"content digest \w+|[\d.]+ MB|[\d.]+ s\b", "…", text)
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)


def find_command(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that words name, and its arguments."""
    command: click.Command = PROGRAMS[words[0]]
    rest = words[1:]
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), rest[0])
        assert found is not None, f"no command {rest[0]!r} in {' '.join(words)}"
        command, rest = found, rest[1:]
    return command, rest
