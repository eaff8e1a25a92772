"""The README's commands exist, with the options that it gives them."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from htrdata.cli.commands import commands as htrdata_commands
from htrdata.drawing.samples.imgur5k import draw_sample
from htrmodel import starter
from htrmodel.cli.commands import commands as htrmodel_commands

ROOT = Path(__file__).parents[1]
PROGRAMS: dict[str, click.Group] = {"htrdata": htrdata_commands, "htrmodel": htrmodel_commands}


def shown_commands() -> list[str]:
    """The commands in the README's blocks, without the prompt and what explains them on the same line."""
    found = []
    for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines():
        if match := re.match(r" {4}(?:\$ )?((?:htrdata|htrmodel) .*)", line):
            found += re.split(r"\s{3,}", match[1])
    return sorted({command for command in found if command.split()[0] in PROGRAMS})


def find_command(words: list[str]) -> tuple[click.Command, list[str]]:
    """The command that words name, and its arguments."""
    command: click.Command = PROGRAMS[words[0]]
    rest = words[1:]
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), rest[0])
        assert found is not None, f"no command {rest[0]!r} in {' '.join(words)}"
        command, rest = found, rest[1:]
    return command, rest


@pytest.mark.parametrize("text", shown_commands())
def test_a_shown_command_parses(text: str) -> None:
    command, arguments = find_command(shlex.split(text))
    command.make_context(command.name, arguments, resilient_parsing=False)


def test_the_readme_shows_the_main_jobs() -> None:
    jobs = {" ".join(text.split()[:2]) for text in shown_commands()}
    assert jobs >= {"htrdata imgur5k", "htrdata iam", "htrdata verify", "htrmodel finetune", "htrmodel evaluate"}


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_command_is_in_the_readme_and_has_help(program: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, command in PROGRAMS[program].commands.items():
        assert f"{program} {name}" in readme
        assert command.help


def shown_sessions() -> list[list[tuple[str, str]]]:
    """The README's blocks that begin with a prompt: their commands, each with the output that is shown."""
    blocks = re.findall(r"(?m)(?:^    .*\n)+", (ROOT / "README.md").read_text(encoding="utf-8"))
    sessions = []
    for block in blocks:
        parts = re.split(r"(?m)^    \$ (.*)\n", block)
        if len(parts) > 1 and not parts[0]:
            outputs = ("".join(line[4:] + "\n" for line in part.splitlines()) for part in parts[2::2])
            sessions.append(list(zip(parts[1::2], outputs, strict=True)))
    return sessions


@pytest.mark.parametrize(
    "first",
    [
        "htrdata sample imgur5k --out first/imgur5k",
        "htrdata sample iam --out data/iam",
        "htrdata synth --words 2000",
    ],
)
def test_the_readme_shows_what_is_printed(first: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (session,) = [session for session in shown_sessions() if session[0][0] == first]
    monkeypatch.chdir(tmp_path)
    for command, shown in session:
        done = CliRunner().invoke(PROGRAMS[command.split()[0]], shlex.split(command)[1:])
        assert done.exit_code == 0, done.output
        assert stable(done.stdout) == stable(shown)


def stable(text: str) -> str:
    """Output without what depends on the versions of the libraries: the bytes of images and files."""
    return re.sub(r"content digest \w+|[\d.]+ MB", "…", text)


def test_the_python_blocks_run_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    draw_sample(Path("IMGUR5K-Handwriting-Dataset"), pages=12, words_per_page=10, megapixels=(0.1, 0.2), plain=True)
    shutil.copy(starter.FOLDER / starter.STARTERS["starter-fast"], "best.safetensors")
    Path("crops").mkdir()
    names: dict[str, Any] = {}
    first, second = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    exec(first, names)
    for place in ("word.png", "crops/word.png"):
        names["word"].image.save(place)
    exec(second, names)
    assert {"words", "recogniser", "outcome", "targets"} <= names.keys()
