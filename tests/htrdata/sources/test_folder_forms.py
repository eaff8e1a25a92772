"""Further forms in which people have texts, splits that are called otherwise, and what is told of what is not read."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pytest

from htrdata.errors import BadDataError, SourceMissingError
from htrdata.records import Reason, Word
from htrdata.sources.folder import Asked, Folder
from tests import labelled_folders as made

NAMED = {f"{number:03d}.png": text for number, text in enumerate(["Odds", "naïve", "two words", "a", "x|y", "ſ"])}


def words_of(source: Folder) -> list[Word]:
    return [word for page in source.pages() for word in page.words]


def texts_of(source: Folder) -> dict[str, str]:
    return {word.id: word.text for word in words_of(source)}


def splits_of(source: Folder) -> dict[str, str | None]:
    return {word.id: page.split for page in source.pages() for word in page.words}


def spaced(text: str) -> str:
    return " ".join("<space>" if character == " " else character for character in text)


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, document: object) -> None:
    write(path, json.dumps(document))


FORMS: dict[str, Callable[[Path, Mapping[str, str]], None]] = {
    "PyLaia": lambda root, named: write(
        root / "all.txt", "".join(f"{name[:-4]} {spaced(text)}\n" for name, text in named.items())
    ),
    "PyLaia, with endings": lambda root, named: write(
        root / "all.txt", "".join(f"{name} {spaced(text)}\n" for name, text in named.items())
    ),
    "Excel's first line": lambda root, named: write(
        root / "a.csv", "sep=;\nfilename;text\n" + "".join(f"{name};{text}\n" for name, text in named.items())
    ),
    "Excel's empty rows and columns": lambda root, named: write(
        root / "a.csv", "filename;text;\n" + "".join(f"{name};{text};\n" for name, text in named.items()) + ";;\n;;\n"
    ),
    "headers with spaces": lambda root, named: made.write_csv(
        root / "a.csv", ["Image Name", "Ground Truth"], list(named.items())
    ),
    "FILENAME and IDENTITY": lambda root, named: made.write_csv(
        root / "a.csv", ["FILENAME", "IDENTITY"], list(named.items())
    ),
    "images by their values": lambda root, named: made.write_csv(
        root / "a.csv", ["n", "Bild", "text"], [("1", *item) for item in named.items()]
    ),
    "quoted with tabs": lambda root, named: write(
        root / "gt.txt", "".join(f'"{name}"\t"{text}"\n' for name, text in named.items())
    ),
    "an array within an object": lambda root, named: write_json(
        root / "a.json", {"version": 1, "data": [{"image": name, "text": text} for name, text in named.items()]}
    ),
    "MMOCR": lambda root, named: write_json(
        root / "a.json",
        {
            "metainfo": {},
            "data_list": [{"img_path": name, "instances": [{"text": text}]} for name, text in named.items()],
        },
    ),
    "objects by image": lambda root, named: write_json(
        root / "a.json", {name: {"text": text} for name, text in named.items()}
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_texts_is_read(form: str, tmp_path: Path) -> None:
    made.write_images(tmp_path, NAMED)
    FORMS[form](tmp_path, NAMED)
    assert texts_of(Folder(tmp_path)) == NAMED


def test_images_that_are_listed_for_one_text_are_words_that_stay_together(tmp_path: Path) -> None:
    named = {f"{number:03d}.png": "x" for number in range(40)}
    made.write_images(tmp_path, named)
    lists = [json.dumps([f"{n:03d}.png", f"{n + 1:03d}.png"]) for n in range(0, 38, 2)]
    lines = "".join(f"{name}\tt{number}\n" for number, name in enumerate([*lists, "038.png", '["039.png"]']))
    write(tmp_path / "rec_gt.txt", lines)
    source = Folder(tmp_path)
    assert texts_of(source) == {name: f"t{int(name[:3]) // 2 + (name == '039.png')}" for name in named}
    splits = splits_of(source)
    assert all(splits[f"{n:03d}.png"] == splits[f"{n + 1:03d}.png"] for n in range(0, 38, 2))
    assert set(splits.values()) == {"train", "val", "test"}


@pytest.mark.parametrize(
    ("column", "names"),
    [
        ("split", {"train": "train", "dev": "val", "eval": "test"}),
        ("split", {"train": "train", "eval": "val", "test": "test"}),
        ("split", {"trn": "train", "vld": "val", "tst": "test"}),
        ("set", {"Train": "train", "Validation": "val", "Test": "test"}),
        ("Data-Split", {"TRAIN": "train", "DEV": "val", "EVALUATION": "test"}),
        ("partition", {"train": "train", "eval": "test"}),
    ],
)
@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_splits_are_known_by_what_others_call_them(
    form: str, column: str, names: dict[str, str], tmp_path: Path
) -> None:
    images = list(made.words(12))
    made.write_images(tmp_path, dict.fromkeys(images, "x"))
    said = [list(names)[number % len(names)] for number in range(12)]
    rows = list(zip(images, ["x"] * 12, said, strict=True))
    if form == "csv":
        made.write_csv(tmp_path / "a.csv", ["file", "text", column], rows)
    elif form == "jsonl":
        made.write_jsonl(tmp_path / "a.jsonl", [{"file": a, "text": b, column: c} for a, b, c in rows])
    else:
        made.write_parquet(tmp_path / "a.parquet", pa.table({"file": images, "text": ["x"] * 12, column: said}))
    source = Folder(tmp_path, splits="given")
    assert splits_of(source) == {image: names[name] for image, name in zip(images, said, strict=True)}
    assert source.extra_columns == ()


def test_a_column_whose_values_are_no_splits_is_kept_as_it_is(tmp_path: Path) -> None:
    made.write_images(tmp_path, NAMED)
    rows = [(name, text, str(number % 3)) for number, (name, text) in enumerate(NAMED.items())]
    made.write_csv(tmp_path / "a.csv", ["file", "text", "fold"], rows)
    source = Folder(tmp_path)
    assert source.extra_columns == ("fold",)
    assert source.division.scheme == "by name"


@pytest.mark.parametrize("form", ["a table", "texts beside", "a table within", "json"])
def test_the_folders_of_images_say_their_splits(form: str, tmp_path: Path) -> None:
    folders = {"01_train": "train", "dev": "val", "Test set": "test"}
    named = {f"data/{folder}/p{n % 2}/{folder[:2]}{n}.png": "x" for folder in folders for n in range(4)}
    made.write_images(tmp_path, named)
    if form == "a table":
        made.write_gt(tmp_path, named)
    elif form == "texts beside":
        made.write_beside(tmp_path, named)
    elif form == "json":
        write_json(tmp_path / "labels.json", named)
    else:
        made.write_gt(tmp_path / "data", {name.removeprefix("data/"): text for name, text in named.items()})
    source = Folder(tmp_path)
    assert splits_of(source) == {name: folders[name.split("/")[1]] for name in named}
    assert source.division.scheme == "as given"
    assert Folder(tmp_path, splits="name").division.scheme == "by name"


@pytest.mark.parametrize("folders", [("train", "box"), ("test pages",), ("letters", "more")])
def test_folders_that_do_not_all_say_a_split_say_none(folders: tuple[str, ...], tmp_path: Path) -> None:
    named = {f"{folder}/{number}.png": "x" for folder in folders for number in range(4)}
    made.write_images(tmp_path, named)
    made.write_gt(tmp_path, named)
    assert Folder(tmp_path).division.scheme == "by name"


def test_words_without_a_split_beside_others_are_told(tmp_path: Path) -> None:
    made.write_images(tmp_path, NAMED)
    rows = [
        (name, text, split) for (name, text), split in zip(NAMED.items(), ["train", "dev"] * 2 + [""] * 2, strict=True)
    ]
    made.write_csv(tmp_path / "a.csv", ["file", "text", "split"], rows)
    source = Folder(tmp_path)
    assert Counter(splits_of(source).values()) == {"train": 2, "val": 2, None: 2}
    assert any("2 words are given no split, as others are, and left out (004.png, …)" in note for note in source.notes)


@pytest.mark.parametrize("ending", [".gt.txt", ".txt"])
def test_texts_are_found_in_another_folder(ending: str, tmp_path: Path) -> None:
    named = {f"images/{split}/{number}.png": f"{split}{number}" for split in ("train", "test") for number in range(4)}
    made.write_images(tmp_path, named)
    for name, text in named.items():
        write(tmp_path / name.replace("images", "labels").replace(".png", ending), f"{text}\n")
    write(tmp_path / "README.txt", "what this is\nand more\n")
    source = Folder(tmp_path)
    assert texts_of(source) == named
    assert set(splits_of(source).values()) == {"train", "val", "test"}
    assert texts_of(Folder(tmp_path, labels=(ending,))) == named


def test_a_text_without_its_image_is_no_word_that_is_lost(tmp_path: Path) -> None:
    made.write_images(tmp_path, NAMED)
    made.write_beside(tmp_path, NAMED)
    write(tmp_path / "gone.gt.txt", "gone\n")
    with pytest.raises(BadDataError, match=re.escape("gone.gt.txt: there is no image of this name beside it")):
        words_of(Folder(tmp_path))
    dropped = [word for word in words_of(Folder(tmp_path, drop_wrong=True)) if word.reason is not None]
    assert [(word.id, word.text, word.reason) for word in dropped] == [("gone.gt.txt", "gone", Reason.IMAGE_MISSING)]


def test_other_texts_beside_those_of_images_are_told(tmp_path: Path) -> None:
    made.write_images(tmp_path, NAMED)
    made.write_beside(tmp_path, NAMED, ".txt")
    write(tmp_path / "README.txt", "what this is\n")
    source = Folder(tmp_path)
    assert texts_of(source) == NAMED
    assert "1 text has no image (README.txt)" in source.notes


@pytest.mark.parametrize("header", ["", "Bild\tTranskript\n"])
def test_columns_by_number_lose_no_first_row(header: str, tmp_path: Path) -> None:
    made.write_images(tmp_path, NAMED)
    write(tmp_path / "a.txt", header + "".join(f"{name[:-4]}\t{text}\n" for name, text in NAMED.items()))
    assert texts_of(Folder(tmp_path, asked=Asked({"image": "1", "text": "2"}))) == NAMED


def test_a_first_line_with_one_tab_too_many_is_wrong_and_no_other_one(tmp_path: Path) -> None:
    made.write_images(tmp_path, NAMED)
    write(tmp_path / "gt.txt", "".join(f"{name}\t{text}\n" for name, text in NAMED.items()).replace("\n", "\ty\n", 1))
    with pytest.raises(BadDataError, match=r"1 line is wrong(?s:.*)line 1: it is not a path, one tab and a text"):
        words_of(Folder(tmp_path))


def test_one_text_that_is_none_does_not_spoil_a_document(tmp_path: Path) -> None:
    made.write_images(tmp_path, NAMED)
    write_json(tmp_path / "labels.json", {**NAMED, "003.png": 3})
    with pytest.raises(BadDataError, match=r"1 line is wrong(?s:.*)line 4: text is 3, not a text"):
        words_of(Folder(tmp_path))


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("crops.7z", "unpack crops.7z, and name the folder"),
        ("train-000000.tar.xz", "unpack train-000000.tar.xz, and name the folder"),
        ("labels.ods", "save labels.ods as CSV"),
        ("page/0001.xml", "`htrdata xml` reads these"),
        ("words.txt", "`htrdata iam` reads it"),
    ],
)
@pytest.mark.parametrize("images", [0, 3])
def test_what_is_read_otherwise_is_told_with_what_to_do(file: str, said: str, images: int, tmp_path: Path) -> None:
    made.write_images(tmp_path, made.words(images))
    write(tmp_path / file, "a01-000u-00-00 ok 154 408 768 27 51 AT A\n")
    with pytest.raises(SourceMissingError, match=re.escape(said)):
        words_of(Folder(tmp_path))
    with pytest.raises(BadDataError, match=re.escape(said.partition(" (")[0])):
        words_of(Folder(tmp_path, labels=(file,)))


def test_signs_that_nobody_sees_are_told(tmp_path: Path) -> None:
    made.write_images(tmp_path, NAMED)
    made.write_gt(tmp_path, {**NAMED, "001.png": "na\u00efve\u00ad", "002.png": "two\u200bwords"})
    assert any(
        "2 texts have signs that nobody sees" in note and "U+00AD in 001.png" in note for note in Folder(tmp_path).notes
    )


@pytest.mark.parametrize(
    "named",
    [
        pytest.param(lambda name: f"../images/{name}", id="up"),
        pytest.param(lambda name: f"..\\images\\{name}", id="up, of Windows"),
        pytest.param(lambda name: f"/home/me/{name[:-4]}.tif", id="another format, of another machine"),
        pytest.param(lambda name: f"{name[:-4]}.JPG", id="another format"),
    ],
)
def test_images_are_found_by_other_names(named: Callable[[str], str], tmp_path: Path) -> None:
    made.write_images(tmp_path / "images", NAMED)
    (tmp_path / "labels").mkdir()
    made.write_gt(tmp_path / "labels", {named(name): text for name, text in NAMED.items()})
    source = Folder(tmp_path)
    assert texts_of(source) == {f"images/{name}": text for name, text in NAMED.items()}
    said = "labels/gt.txt: its images are there as .png, and taken so"
    assert (said in source.notes) is not named("000.png").endswith(".png")


@pytest.mark.parametrize("name", ["../../a.png", "../b/../../a.png", "/../a.png", "..", "../images/gone.png"])
def test_ways_up_lead_to_nothing_outside(name: str, tmp_path: Path) -> None:
    made.write_images(tmp_path / "set/images", NAMED)
    made.write_images(tmp_path, {"a.png": "x"})
    (tmp_path / "set/labels").mkdir()
    made.write_gt(tmp_path / "set/labels", {**{f"../images/{image}": text for image, text in NAMED.items()}, name: "x"})
    with pytest.raises(BadDataError, match=re.escape("1 line is wrong")):
        words_of(Folder(tmp_path / "set"))
