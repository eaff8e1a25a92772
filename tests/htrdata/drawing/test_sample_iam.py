"""The drawn IAM: files that agree with each other and have the quirks of the published ones."""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner

from htrdata.cli.commands import commands
from htrdata.drawing.samples.iam import UNLISTED, draw_sample
from htrdata.drawing.samples.iam_form import BROKEN
from htrdata.errors import CannotCreateError, StorageError, UsageError
from htrdata.images.codec import decode
from htrdata.sources.archives import Archive
from htrdata.sources.iam.splits import AACHEN


def tree(root: Path) -> dict[str, str]:
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in root.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("iam") / "drawn"
    summary = draw_sample(root, forms=6, scale=0.25)
    assert (summary.root, summary.forms, summary.writers) == (root, 6, 5)
    assert summary.words == len(word_lines(root))
    return root


def word_lines(root: Path) -> list[str]:
    text = (root / "ascii" / "words.txt").read_bytes().decode("latin-1")
    assert text.count("\n") == text.count("\r\n")
    return [line for line in text.split("\r\n") if line and not line.startswith("#")]


def test_the_same_arguments_give_the_same_bytes(drawn: Path, tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as threads:
        draw_sample(tmp_path / "again", forms=6, scale=0.25, map_forms=threads.map)
    draw_sample(tmp_path / "other", forms=6, scale=0.25, seed=1)
    assert tree(tmp_path / "again") == tree(drawn)
    other = tree(tmp_path / "other")
    assert all(other[name] != digest for name, digest in tree(drawn).items() if name.startswith(("forms", "xml")))


def test_archives_hold_the_same_files(drawn: Path, tmp_path: Path) -> None:
    draw_sample(tmp_path / "packed", forms=6, scale=0.25, archives=True)
    packed = {path.name for path in (tmp_path / "packed").iterdir()}
    assert packed == {"drawn.json", "ascii.tgz", "xml.tgz", "words.tgz", "lines.tgz", "formsA-D.tgz", "formsI-Z.tgz"}
    found = {"drawn.json": hashlib.sha256((tmp_path / "packed/drawn.json").read_bytes()).hexdigest()}
    for name in packed - {"drawn.json"}:
        folder = "forms" if name.startswith("forms") else name.removesuffix(".tgz")
        for member in Archive(tmp_path / "packed" / name).members():
            found[f"{folder}/{member.member}"] = hashlib.sha256(member.read()).hexdigest()
    assert found == tree(drawn)
    draw_sample(tmp_path / "again", forms=6, scale=0.25, archives=True)
    assert tree(tmp_path / "again") == tree(tmp_path / "packed")


def test_forms_are_of_every_split_and_writers_of_one(drawn: Path) -> None:
    ids = AACHEN.ids()
    lines = (drawn / "ascii" / "forms.txt").read_text().split("\n")
    writers = dict(line.split()[:2] for line in lines if line and not line.startswith("#"))
    splits = [ids.get(form) for form in writers]
    assert {split: splits.count(split) for split in (*dict.fromkeys(ids.values()), None)} == {
        "train": 3,
        "val": 1,
        "test": 1,
        None: 1,
    }
    assert UNLISTED in writers
    assert writers["a01-117"] == writers["r06-022"]
    assert len({(writer, ids.get(form)) for form, writer in writers.items()}) == len(set(writers.values())) == 5


def test_lines_and_xml_say_the_same_words(drawn: Path) -> None:
    larger = 0
    for line in word_lines(drawn):
        word_id, flag, threshold, *numbers = line.split(" ")[:7]
        form = ElementTree.parse(drawn / "xml" / f"{word_id[:-6]}.xml")
        (element,) = form.iterfind(f".//word[@id='{word_id}']")
        (parent,) = form.iterfind(f".//line[@id='{word_id[:-3]}']")
        assert (parent.get("segmentation"), parent.get("threshold")) == (flag, threshold)
        boxes = [[int(cmp.get(key, "")) for key in ("x", "y", "width", "height")] for cmp in element.iterfind("cmp")]
        x, y, w, h = map(int, numbers)
        if not boxes:
            assert numbers == ["-1"] * 4
            continue
        left, upper = min(box[0] for box in boxes), min(box[1] for box in boxes)
        union = left, upper, max(b[0] + b[2] for b in boxes) - left, max(b[1] + b[3] for b in boxes) - upper
        larger += union != (x, y, w, h)
        assert union in ((x, y, w, h), (x + 1, y + 1, w - 2, h - 2))
    assert larger > 10


def test_words_are_cut_out_of_their_forms_and_white_around_their_components(drawn: Path) -> None:
    inked = 0
    for path in sorted((drawn / "xml").iterdir()):
        page = decode((drawn / "forms" / f"{path.stem}.png").read_bytes(), "grey")
        form = ElementTree.parse(path)
        assert (int(form.getroot().get("height", "")), int(form.getroot().get("width", ""))) == page.shape
        for word in form.iter("word"):
            png = drawn / "words" / path.stem[:3] / path.stem / f"{word.get('id')}.png"
            boxes = [[int(c.get(key, "")) for key in ("x", "y", "width", "height")] for c in word.iter("cmp")]
            assert png.exists() == bool(boxes)
            if not boxes or word.get("id") in BROKEN:
                continue
            image = decode(png.read_bytes(), "grey")
            left, upper = min(b[0] for b in boxes), min(b[1] for b in boxes)
            expected = np.full(image.shape, 255)
            for x, y, w, h in boxes:
                expected[y - upper : y - upper + h, x - left : x - left + w] = page[y : y + h, x : x + w]
            assert (image == expected).all()
            inked += int((image < 120).sum() > 0.05 * image.size)
    assert inked > 0.8 * len(word_lines(drawn))


def test_the_quirks_are_there(drawn: Path) -> None:
    lines = word_lines(drawn)
    assert any(re.search(r" -1 -1 -1 -1 ", line) for line in lines)
    assert any(" err " in line for line in lines)
    assert any(line.endswith(" NN caf\xe9") for line in lines)
    assert any(re.search(r" NN \w+ \w+$", line) for line in lines)
    xml = b"".join(path.read_bytes() for path in sorted((drawn / "xml").iterdir()))
    for escaped in (b'text="&amp;quot;"', b'text="&amp;amp;"', b'text="R&amp;amp;D"'):
        assert escaped in xml
    assert xml.count(b"\n") == xml.count(b"\r\n")
    for word in BROKEN:
        assert (drawn / "words" / word[:3] / word[:-6] / f"{word}.png").read_bytes() == b""
        assert any(line.startswith(f"{word} ok ") and " -1 " not in line for line in lines)


@pytest.mark.parametrize("given", [{"forms": 4}, {"forms": 501}, {"seed": -1}, {"scale": 0.1}, {"scale": 3.0}])
def test_what_cannot_be_drawn_is_refused(tmp_path: Path, given: dict[str, int]) -> None:
    with pytest.raises(UsageError, match=r"cannot draw .* give 5 to 500 forms"):
        draw_sample(tmp_path / "iam", **given)  # type: ignore[arg-type]
    assert not (tmp_path / "iam").exists()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(CannotCreateError, match="is not empty"):
        draw_sample(tmp_path)
    with pytest.raises(CannotCreateError, match="mine is a file, not a folder"):
        draw_sample(tmp_path / "mine" / "iam")
    assert list(tmp_path.iterdir()) == [tmp_path / "mine"]


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(StorageError, match=r"make room.*; what is there is not complete: remove it"):
        draw_sample(tmp_path / "iam", forms=5, scale=0.2)


def test_the_command_draws_and_says_how_to_build(tmp_path: Path) -> None:
    root = tmp_path / "iam"
    done = CliRunner().invoke(
        commands,
        ["sample", "iam", "--out", str(root), "--forms", "5", "--scale", "0.2", "--archives", "--workers", "1"],
    )
    assert done.exit_code == 0
    assert re.fullmatch(rf"{re.escape(str(root))}: 5 forms by 4 writers, \d{{3}} words\n", done.stdout)
    assert done.stderr.endswith(f"build it: htrdata iam --root {root}\n")
