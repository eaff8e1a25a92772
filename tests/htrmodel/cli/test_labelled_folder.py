"""Images with their texts in place of a store: read as they stand, and gone when the command is done."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

import htrdata
from htrdata.errors import HtrError, UsageError
from htrdata.sources.folder import Folder
from htrdata.store.exporting import export
from htrdata.store.reading import Store
from htrmodel.cli.commands import commands
from htrmodel.cli.labelled_folder import as_store

from ... import labelled_folders as made

NAMED = {f"{number:03d}.png": f"word{number % 5}" for number in range(30)}


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the system's temporary files go."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def write_gt(root: Path) -> Path:
    made.write_images(root, NAMED)
    made.write_gt(root, NAMED)
    return root


def write_parquet(root: Path) -> Path:
    made.write_parquet(root / "words.parquet", made.embedded(NAMED))
    return root / "words.parquet"


def write_plain(root: Path) -> Path:
    htrdata.build(Folder(write_gt(root / "in")), root / "lmdb", workers=1)
    export(next(iter(Store(root / "lmdb"))), "clova", root / "out")
    return root / "out"


FORMS: dict[str, Callable[[Path], Path]] = {"gt.txt": write_gt, "parquet": write_parquet, "plain": write_plain}


@pytest.mark.parametrize("form", FORMS)
def test_a_folder_is_a_store_for_a_while(
    form: str, tmp_path: Path, temporary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = FORMS[form](tmp_path / "data")
    with as_store(data, plain=False, workers=1) as store:
        (dataset,) = Store(store)
        texts = sorted(word.text for split in dataset.splits for word in dataset.words(split))
        assert dataset.splits == ("train", "val", "test")
    assert texts == sorted(NAMED.values())
    assert list(temporary.iterdir()) == []
    said = capsys.readouterr().err
    assert "splits: " in said
    assert f"`htrdata folder {data}` makes a store of it that stays" in said


def test_stores_and_what_a_command_reads_itself_stay_as_they_are(tmp_path: Path) -> None:
    plain = write_plain(tmp_path)
    for place in (tmp_path / "lmdb", tmp_path / "nowhere", tmp_path / "lmdb" / "in"):
        with as_store(place, plain=False) as found:
            assert found == place
    with as_store(plain, plain=True) as found:
        assert found == plain


def test_what_is_wrong_is_told_with_the_command_that_has_the_options(tmp_path: Path, temporary: Path) -> None:
    write_gt(tmp_path / "data")
    made.write_csv(tmp_path / "data/other.csv", ["image", "text"], [("000.png", "else")])
    said = r"(?s)--labels gt\.txt .*--labels other\.csv.*`htrdata folder .*data --out STORE`"
    with pytest.raises(UsageError, match=said), as_store(tmp_path / "data", plain=False):
        pass
    assert list(temporary.iterdir()) == []


def test_a_folder_is_trained_on_judged_by_and_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_gt(Path("letters"))
    train = ["finetune", "--data", "letters", "--small", "--epochs", "1", "--device", "cpu", "--workers", "1", "--json"]
    trained = CliRunner().invoke(commands, train)
    assert trained.exit_code == 0, trained.output
    best = json.loads(trained.stdout)["best"]["checkpoint"]
    assert best == "runs/letters-small/best.safetensors"
    again = CliRunner().invoke(commands, train)
    assert "is finished already" in again.stderr  # the store is another one, and the same
    judged = CliRunner().invoke(
        commands, ["evaluate", "--data", "letters", "--checkpoint", best, "--device", "cpu", "--resamples", "100"]
    )
    assert judged.exit_code == 0, judged.output
    assert re.search(r"best\.safetensors on letters test", judged.stdout)
    assert f"of {len(NAMED)} words 3 are judged; to judge all: `htrdata folder letters --split test" in judged.stderr
    assert "are judged" not in trained.stderr
    write_parquet(Path("table"))
    for place in ("letters", "table", "table/words.parquet"):
        done = CliRunner().invoke(commands, ["predict", place, "--checkpoint", best, "--device", "cpu", "--csv"])
        assert done.exit_code == 0, done.output
        lines = done.stdout.splitlines()
        assert len(lines) == 1 + len(NAMED)
        assert "000.png" in lines[1]


def test_lines_are_taken_for_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = {name: f"two {text}" for name, text in NAMED.items()}
    made.write_images(tmp_path, texts)
    made.write_gt(tmp_path, texts)
    with as_store(tmp_path, plain=False, unit="line", workers=1) as store:
        assert [one.description.unit for one in Store(store)] == ["line"]
    assert "--unit" not in capsys.readouterr().err


def test_a_table_without_images_is_named(tmp_path: Path) -> None:
    import pyarrow as pa

    made.write_parquet(tmp_path / "t.parquet", pa.table({"text": ["x"]}))
    done = CliRunner().invoke(commands, ["predict", str(tmp_path / "t.parquet"), "--checkpoint", "starter-fast"])
    assert isinstance(done.exception, HtrError)
    assert "holds no images: none of its columns text has their bytes" in str(done.exception)


@pytest.mark.parametrize("form", ["file", "folder"])
def test_an_archive_that_is_not_read_is_told_to_be_unpacked(form: str, tmp_path: Path) -> None:
    (tmp_path / "crops.7z").write_bytes(b"7z\xbc\xaf\x27\x1c")
    place = tmp_path / "crops.7z" if form == "file" else tmp_path
    with pytest.raises(HtrError, match=r"unpack crops\.7z"), as_store(place, plain=False):
        pass


@pytest.mark.parametrize("form", ["file", "folder"])
def test_an_archive_that_is_damaged_is_told(form: str, tmp_path: Path) -> None:
    (tmp_path / "crops.zip").write_bytes(b"PK\x03\x04")
    place = tmp_path / "crops.zip" if form == "file" else tmp_path
    with pytest.raises(HtrError, match=r"crops\.zip is cut off or damaged"), as_store(place, plain=False):
        pass
