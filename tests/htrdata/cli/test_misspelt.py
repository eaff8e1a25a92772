"""What was typed and is nothing: what is said of it, and where a data set may be named."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from htrdata.cli.commands import commands as of_htrdata
from htrdata.cli.data_place import data_place
from htrdata.cli.misspelt import COMMANDS
from htrmodel.cli.commands import commands as of_htrmodel


@pytest.mark.parametrize(
    ("group", "words", "said"),
    [
        (of_htrdata, ["imgr5k"], "No such command 'imgr5k'. Did you mean imgur5k?"),
        (of_htrdata, ["sample", "imgr5k"], "No such command 'imgr5k'. Did you mean imgur5k?"),
        (of_htrdata, ["finetune"], "No such command 'finetune'. Did you mean htrmodel finetune?"),
        (of_htrdata, ["--root", "x", "iam"], "It belongs behind the command: htrdata COMMAND --root"),
        (of_htrdata, ["--rooot", "x", "iam"], "--rooot"),
        (of_htrdata, ["iam", "--rooot", "x"], "--root"),
        (of_htrdata, ["iam", "a", "--root", "b"], "two places are named, a and --root b: give one of them"),
        (of_htrdata, ["xml"], "Missing argument 'PATH'"),
        (of_htrmodel, ["fintune"], "No such command 'fintune'. Did you mean finetune?"),
        (of_htrmodel, ["verify"], "No such command 'verify'. Did you mean htrdata verify?"),
        (of_htrmodel, ["train"], "There are align, "),
        (
            of_htrmodel,
            ["evaluate", "lmdb"],
            "(lmdb). Here options name things: a store by --data; a recogniser",
        ),
        (
            of_htrmodel,
            ["finetune", "lmdb", "x"],
            "a store by --data; weights to start from by --from",
        ),
        (of_htrmodel, ["predict", "--jsn", "x"], "--json"),
    ],
)
def test_what_may_be_meant_is_said(group: click.Group, words: list[str], said: str) -> None:
    name = "htrdata" if group is of_htrdata else "htrmodel"
    done = CliRunner().invoke(group, words, prog_name=name)
    assert done.exit_code == 2
    assert said in done.output


def test_the_commands_of_each_program_are_known_to_the_other() -> None:
    assert {"htrdata": set(of_htrdata.commands), "htrmodel": set(of_htrmodel.commands)} == {
        program: set(names) for program, names in COMMANDS.items()
    }


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ([], "data/iam"),
        (["there"], "there"),
        (["--root", "there"], "there"),
        (["~/there"], str(Path("~/there").expanduser())),
        (["--root=~/there"], str(Path("~/there").expanduser())),
    ],
)
def test_a_data_set_is_named_by_its_path_with_or_without_the_option(
    words: list[str], place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HTRDATA_HOME", raising=False)

    @click.command()
    @data_place("iam")
    def command(root: Path) -> None:
        click.echo(root)

    assert CliRunner().invoke(command, words).output.strip() == place


def test_every_reader_of_a_data_set_takes_a_path() -> None:
    for name, command in of_htrdata.commands.items():
        names = {parameter.name: parameter for parameter in command.params}
        if "root" in names and name != "browse":  # which takes a store; the data set's images are optional
            assert isinstance(names["path"], click.Argument), name
    assert {"imgur5k", "iam", "dhsd", "unipen", "xml"} <= {
        n for n, c in of_htrdata.commands.items() if "root" in {p.name for p in c.params}
    }
