"""DHSD on a drawn sample: its splits, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from htrdata.building.builder import build
from htrdata.errors import BadDataError, SourceMissingError
from htrdata.records import Reason
from htrdata.sources.dhsd import Dhsd
from htrdata.store.reading import open_store

HEAD = "file_name,text,writer_id\r\n"


def write(root: Path, train: str, test: str = "") -> Dhsd:
    (root / "train.csv").write_bytes((HEAD + train).encode())
    (root / "test.csv").write_bytes((HEAD + test).encode())
    return Dhsd(root)


def row(writer: int, number: int, text: str = "Öhr") -> str:
    return f'german_hw_data/writer{writer}/{writer}_{number}.png,"{text}",{writer}\r\n'


def draw(root: Path, writer: int, number: int) -> None:
    """A transparent image with a black stroke, as the data set has them."""
    pixels = np.zeros((64, 256, 4), np.uint8)
    pixels[30:34, 40:200, 3] = 255
    path = root / f"german_hw_data/writer{writer}/{writer}_{number}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def test_val_are_the_train_words_of_four_writers(tmp_path: Path) -> None:
    for writer, number in ((1, 0), (1, 1), (5, 0), (5, 1)):
        draw(tmp_path, writer, number)
    source = write(tmp_path, row(1, 0, "Am Öhr") + row(5, 0), row(1, 1) + row(5, 1))
    build(source, tmp_path / "lmdb", workers=1)
    manifest = open_store(tmp_path / "lmdb").dataset("dhsd").manifest()
    assert manifest[["split", "writer", "text"]].values.tolist() == [
        ["train", "1", "Am Öhr"],
        ["val", "5", "Öhr"],
        ["test", "1", "Öhr"],
        ["test", "5", "Öhr"],
    ]
    pixels = np.asarray(open_store(tmp_path / "lmdb")["train", "dhsd"][0].image)
    assert pixels.shape == (64, 256)
    assert (pixels[0, 0], pixels[31, 100]) == (255, 0)


def test_odd_names_and_doubles_have_their_reasons(tmp_path: Path) -> None:
    draw(tmp_path, 1, 0)
    draw(tmp_path, 3, 0)
    (tmp_path / "german_hw_data/writer3/3_0.png").rename(tmp_path / "german_hw_data/writer3/2_0.png")
    source = write(tmp_path, row(1, 0) + row(1, 0) + "../../etc/passwd,x,1\r\n" + row(2, 0).replace("r2/", "r3/"))
    words = [word for page in source.pages() for word in page.words]
    assert [word.reason for word in words] == [None, Reason.DUPLICATE_ID, Reason.INVALID_ID, Reason.INVALID_ID]
    assert [word.id for word in words[:2]] == ["writer1/1_0", "writer1/1_0"]
    assert words[2].image is None
    assert words[3].image is None


def test_tables_that_are_not_what_they_should_be_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceMissingError, match=r"clone https://github\.com/nauman-riaz/DHSD"):
        list(Dhsd(tmp_path).pages())
    draw(tmp_path, 1, 0)
    words = [word for page in write(tmp_path, row(1, 0) + "a,b\r\n").pages() for word in page.words]
    assert sorted(str(word.reason) for word in words) == ["None", "invalid_id"]
    (tmp_path / "train.csv").write_text("a,b\n")
    with pytest.raises(BadDataError, match=r"train\.csv cannot be read as a table of images and texts: none of its"):
        list(Dhsd(tmp_path).pages())
