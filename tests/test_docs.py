"""What README and the pages of `docs/` show is so: commands parse, sessions print it, Python runs."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from htrdata.drawing.samples.imgur5k import draw_sample
from htrmodel import starter
from tests.drawn_exports import write_export
from tests.shown import PAGES, PROGRAMS, ROOT, Step, find_command, matches, python_blocks, sessions, shown_commands

SHOWN = [(page, text) for page in PAGES if page.name != "adding-a-source.md" for text in shown_commands(page)]
WITH_SESSIONS = [page for page in PAGES if sessions(page)]


@pytest.mark.parametrize(("page", "text"), SHOWN, ids=[f"{page.stem}: {text}" for page, text in SHOWN])
def test_a_shown_command_parses(page: Path, text: str) -> None:
    command, arguments = find_command(shlex.split(text))
    command.make_context(command.name, arguments, resilient_parsing=False)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_explains_a_command_is_a_comment_of_the_shell(page: Path) -> None:
    """Else nobody can type, or paste, the line as it stands."""
    assert not re.findall(
        r"(?m)^ {4}(?:\$ )?(?:htrdata|htrmodel|make) [^#\n]*\S {3,}[^# \n].*", page.read_text("utf-8")
    )


@pytest.mark.parametrize("page", WITH_SESSIONS, ids=lambda page: page.stem)
def test_sessions_print_what_is_shown_one_after_the_other(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if page.stem == "archive":
        for seed in range(10):  # what its reader has
            write_export(tmp_path / "letters", f"a{seed:02}", seed, scale=0.2)
    for step in (step for session in sessions(page) for step in session):
        printed = output_of(step)
        assert step.shown is None or matches(step.shown, printed), f"{step.command}\n{printed}"


def test_the_commands_of_the_readme_run_as_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    commands = shown_commands(ROOT / "README.md")
    assert commands[-1].startswith("htrmodel predict ")
    printed = [output_of(Step(command, None)) for command in commands]
    assert len(re.findall(r"(?m)^ *[\d.]+%  ", printed[-1])) == 12


def output_of(step: Step) -> str:
    """What a command prints to standard output."""
    program, *arguments = shlex.split(step.command)
    if program not in PROGRAMS:
        return subprocess.run(["bash", "-c", step.command], check=True, capture_output=True, text=True).stdout
    done = CliRunner().invoke(PROGRAMS[program], arguments)
    assert done.exit_code == 0, f"{step.command}\n{done.output}{done.exception}"
    return done.stdout


def test_the_figures_of_the_readme_are_those_of_the_card() -> None:
    """Both quote what `benchmarks/held_out.py` printed; README has the first columns of some rows, and a sentence."""
    readme = (ROOT / "README.md").read_text("utf-8")
    words, fast, lines = (
        {row[0]: row[1:] for row in measured(f"held_out_{name}")}
        for name in ("starter", "starter_fast", "starter_lines")
    )
    shown = {row[0]: row[1:] for row in map(cells, readme.splitlines()) if len(row) == 6 and "[" in row[4]}
    assert len(shown) == 3
    for name, row in shown.items():
        assert row == [*words[name][:4], " / ".join(figure.split()[0] for figure in fast[name][2:4])]
    by_first_word = {name.split()[0]: row for name, row in lines.items()}
    said = re.findall(r"(\w+)\s+([\d.]+\s\[[^]]*\])\s/\s([\d.]+)(?=[,;]?\s)", readme)
    assert len(said) == 2
    for name, cer, wer in said:
        measured_cer, measured_wer = by_first_word[name][2:4]
        assert (cer, wer) == (measured_cer, measured_wer.split()[0])
    helped = re.findall(r"(?:to|and) ([\d.]+) / ([\d.]+)(?= and|\.)", readme)
    assert helped == [with_language("copiste"), with_language("testaments")]


def with_language(name: str) -> tuple[str, str]:
    """CER and WER of all lines of a data set, read with a character model, as `htrmodel evaluate` printed them."""
    printed = (ROOT / f"benchmarks/results/language_lines_{name}.md").read_text("utf-8")
    of_all = printed.partition("every line, left out is wrong")[2]
    cer, wer = (re.search(rf"(?m)^  {title} +[\d.]+ +([\d.]+) ", of_all) for title in ("micro CER", "WER in lines"))
    assert cer is not None
    assert wer is not None
    return f"{float(cer[1]):.1f}", f"{float(wer[1]):.1f}"


def measured(name: str) -> list[list[str]]:
    """The rows of a table that a benchmark printed."""
    return [row for row in map(cells, (ROOT / f"benchmarks/results/{name}.md").read_text("utf-8").splitlines()) if row]


def cells(line: str) -> list[str]:
    """The cells of a row of a table; of another line none."""
    return [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []


def test_pages_have_sessions_and_what_is_not_run_says_why() -> None:
    assert {page.stem for page in WITH_SESSIONS} >= {"first-steps", "own-words", "imgur5k-and-iam"}
    for page in PAGES:
        blocks = re.findall(r"(?m)(?:^    .*\n)+", page.read_text("utf-8"))
        prompted = sum(block.startswith("    $ ") for block in blocks)
        reasons = len(re.findall(r"(?m)^<!-- not run: \S.+ -->$", page.read_text("utf-8")))
        assert prompted == len(sessions(page)) + reasons


@pytest.mark.parametrize(
    ("shown", "printed", "right"),
    [
        ("a\n…\nz\n", "a\nb\nc\nz\n", True),
        ("a\n…\n", "a\nb\n", True),
        ("a\n", "a\nb\n", False),
        ("3.8 MB, 97 s: a\n", "3.9 MB, 98.1 s: a\n", True),
        ("4 words\n", "5 words\n", False),
    ],
)
def test_what_is_shown_is_compared(shown: str, printed: str, right: bool) -> None:
    assert matches(shown, printed) is right


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_command_is_in_the_readme_and_has_help(program: str) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, command in PROGRAMS[program].commands.items():
        assert re.search(rf"\| `{program}`[^|]*\|[^|]*`{name}`", readme), name
        assert isinstance(command, click.Command)
        assert command.help


def test_the_python_blocks_run_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    draw_sample(Path("IMGUR5K-Handwriting-Dataset"), pages=12, words_per_page=10, megapixels=(0.1, 0.2), plain=True)
    shutil.copy(starter.FOLDER / starter.STARTERS["starter-fast"], "best.safetensors")
    Path("crops").mkdir()
    names: dict[str, Any] = {}
    (first,), (second,) = (python_blocks(ROOT / "docs" / page) for page in ("using-shards.md", "recogniser.md"))
    exec(first, names)
    for place in ("word.png", "crops/word.png"):
        names["word"].image.save(place)
    exec(second, names)
    assert {"words", "recogniser", "outcome", "targets"} <= names.keys()
