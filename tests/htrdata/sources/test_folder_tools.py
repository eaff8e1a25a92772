"""What tools and sites hand out: ICDAR's tables of CVAT, Label Studio's JSON, Kaggle's folders, parts of Drive."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image

from htrdata.errors import BadDataError, SourceMissingError, UsageError
from htrdata.records import Word
from htrdata.sources.folder import Folder, several_pages
from tests import labelled_folders as made

WORDS = made.words(12)


def words_of(source: Folder) -> list[Word]:
    return [word for page in source.pages() for word in page.words]


def texts_of(source: Folder) -> dict[str, str]:
    return {word.id.rpartition("/")[2]: word.text for word in words_of(source)}


def write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8", newline="\n")


def icdar(named: Mapping[str, str]) -> str:
    return "".join('{}, "{}"\n'.format(name, text.replace('"', '\\"')) for name, text in named.items())


def test_the_quotes_of_icdar_and_cvat_are_none_of_the_text(tmp_path: Path) -> None:
    made.write_images(tmp_path / "train" / "images", WORDS)
    write(tmp_path / "train" / "gt.txt", icdar(WORDS))
    assert texts_of(Folder(tmp_path)) == WORDS
    write(tmp_path / "train" / "gt.txt", "\ufeff" + icdar(WORDS) + "012.png, unquoted\n")
    with pytest.raises(BadDataError, match=r"1 line is wrong(?s:.*)line 13: it is not a path, a comma and a text in q"):
        words_of(Folder(tmp_path))


def test_other_tables_with_commas_are_what_they_were(tmp_path: Path) -> None:
    made.write_images(tmp_path, WORDS)
    write(tmp_path / "gt.csv", "".join(f'{name},"{number}"\n' for number, name in enumerate(WORDS)))
    assert texts_of(Folder(tmp_path)) == {name: str(number) for number, name in enumerate(WORDS)}


def annotation(*texts: str, cancelled: bool = False) -> dict[str, object]:
    results = [{"type": "textarea", "from_name": "t", "value": {"text": [text]}} for text in texts]
    choice = {"type": "choices", "value": {"choices": ["good"]}}
    return {"was_cancelled": cancelled, "result": [*results, choice]}


@pytest.mark.parametrize("place", ["/data/upload/3/{:08x}-{}", "/data/local-files/?d=crops/{1}", "s3://bucket/x/{1}"])
def test_label_studio_is_read_in_full_and_short(place: str, tmp_path: Path) -> None:
    made.write_images(tmp_path / "crops", WORDS)
    named = [(place.format(number, name), text) for number, (name, text) in enumerate(WORDS.items())]
    full = [{"id": 1, "data": {"image": name, "page": "7"}, "annotations": [annotation(text)]} for name, text in named]
    short = [{"image": name, "transcription": text, "annotator": 1} for name, text in named]
    for document in (full, short):
        write(tmp_path / "project.json", document)
        source = Folder(tmp_path)
        assert texts_of(source) == WORDS
        assert any("Label Studio's digits" in note for note in source.notes) == ("upload" in place)


def test_a_task_of_label_studio_with_several_texts_is_wrong_and_one_without_has_none(tmp_path: Path) -> None:
    made.write_images(tmp_path, WORDS)
    annotated = [
        [annotation("a"), annotation("x", cancelled=True)],
        [annotation("a"), annotation("a")],
        [annotation("a", "a")],
        [annotation("a"), annotation("b")],
        [],
        *[[annotation("a")]] * 7,
    ]
    tasks = [{"data": {"image": n}, "annotations": one} for n, one in zip(WORDS, annotated, strict=True)]
    write(tmp_path / "project.json", tasks)
    with pytest.raises(BadDataError, match=r"2 lines are wrong(?s:.*)line 3: text is \[\"a\", \"a\"\], not a text"):
        words_of(Folder(tmp_path))
    words = words_of(Folder(tmp_path, drop_wrong=True))
    assert {word.text for word in words if word.reason is None} == {"a"}
    assert sorted(str(word.reason) for word in words if word.reason) == [
        "invalid_id",
        "invalid_id",
        "missing_annotation",
    ]


def test_doctr_by_split_is_read(tmp_path: Path) -> None:
    made.write_images(tmp_path, WORDS)
    items = list(WORDS.items())
    write(tmp_path / "labels.json", {"train": dict(items[:6]), "val": dict(items[6:9]), "test": dict(items[9:])})
    found = {word.id: page.split for page in Folder(tmp_path).pages() for word in page.words}
    assert found == {name: "train" if n < 6 else "val" if n < 9 else "test" for n, name in enumerate(WORDS)}


@pytest.mark.parametrize("folder", ["{}", "{}_v2/{}"])
def test_a_table_of_a_split_means_the_images_of_its_folder(folder: str, tmp_path: Path) -> None:
    for split in ("train", "test"):
        texts = {name: f"{split}{number}" for number, name in enumerate(WORDS)}
        made.write_images(tmp_path / folder.format(split, split), texts)
        made.write_gt(tmp_path, texts, f"{split}.tsv")
    found = [(page.split, word) for page in Folder(tmp_path).pages() for word in page.words]
    assert len(found) == 2 * len(WORDS)
    for _, word in found:
        assert word.id.split("/")[-2] == word.text.rstrip("0123456789")
    (tmp_path / "train.tsv").unlink()
    (tmp_path / "test.tsv").rename(tmp_path / "all.tsv")
    with pytest.raises(UsageError, match="stand in several folders"):
        words_of(Folder(tmp_path))


def test_the_parts_of_a_folder_of_google_drive_are_one(tmp_path: Path) -> None:
    made.write_images(tmp_path / "crops", WORDS)
    for number, part in enumerate((list(WORDS)[:5], list(WORDS)[5:]), 1):
        with zipfile.ZipFile(tmp_path / f"crops-20240101T010203Z-{number:03d}.zip", "w") as file:
            for name in part:
                file.writestr(f"crops/{name}", (tmp_path / "crops" / name).read_bytes())
            if number == 2:
                file.writestr("crops/gt.txt", "".join(f"{name}\t{text}\n" for name, text in WORDS.items()))
    for path in (tmp_path / "crops").iterdir():
        path.unlink()
    assert texts_of(Folder(tmp_path)) == WORDS


def test_a_path_that_is_packed_twice_counts_once_and_is_told(tmp_path: Path) -> None:
    made.write_images(tmp_path, WORDS)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        for name in WORDS:
            file.write(tmp_path / name, name)
        file.writestr("gt.txt", "000.png\told\n")
        with pytest.warns(UserWarning, match="Duplicate name"):
            file.writestr("gt.txt", "".join(f"{name}\t{text}\n" for name, text in WORDS.items()))
    source = Folder(tmp_path / "a.zip")
    assert texts_of(source) == WORDS
    assert any("gt.txt and perhaps others stand twice" in note for note in source.notes)


@pytest.mark.parametrize(
    ("header", "roles"),
    [
        ("Datei;Transkription;Schreiber;Seite", "anna"),
        ("imagen;transcripción;escribano;página", "anna"),
        ("fichier;texte;scripteur;folio", "anna"),
        ("файл;текст;hand;page", "anna"),
    ],
)
def test_columns_are_known_by_names_of_other_languages(header: str, roles: str, tmp_path: Path) -> None:
    made.write_images(tmp_path, WORDS)
    rows = "".join(f'{name};"{text.replace(chr(34), chr(34) * 2)}";anna;7\r\n' for name, text in WORDS.items())
    write(tmp_path / "a.csv", f"\ufeff{header}\r\n{rows}")
    source = Folder(tmp_path)
    assert texts_of(source) == WORDS
    assert {word.writer for word in words_of(source)} == {roles}
    assert source.extra_columns == ()


def test_a_header_in_another_encoding_is_told(tmp_path: Path) -> None:
    made.write_images(tmp_path, WORDS)
    (tmp_path / "a.csv").write_bytes("größe;überschrift\n000.png;x\n".encode("cp1252"))
    with pytest.raises(SourceMissingError, match=r"a\.csv is not UTF-8 \(line 1, byte 2\): .*--encoding cp1252"):
        words_of(Folder(tmp_path))


def test_columns_that_are_empty_throughout_are_none(tmp_path: Path) -> None:
    made.write_images(tmp_path, WORDS)
    write(tmp_path / "gt.txt", "".join(f"{name}\t{text}\t\n" for name, text in WORDS.items()))
    assert texts_of(Folder(tmp_path)) == WORDS
    write(tmp_path / "gt.txt", "".join(f"{name}\t{text}\t{text}\n" for name, text in WORDS.items()))
    with pytest.raises(SourceMissingError, match="it has 3 columns without names"):
        words_of(Folder(tmp_path))


@pytest.mark.parametrize("ending", ["tif", "gif", "webp"])
def test_images_of_several_pages_are_told(ending: str, tmp_path: Path) -> None:
    named = {f"{number}.{ending}": "a" for number in range(4)}
    for number, name in enumerate(named):
        pages = [Image.open(io.BytesIO(made.picture(text))).convert("RGB") for text in ("a", "b")]
        pages[0].save(tmp_path / name, save_all=True, append_images=pages[1:] if number < 2 else [])
    made.write_gt(tmp_path, named)
    notes = [note for note in Folder(tmp_path).notes if "several pages" in note]
    assert len(notes) == 1
    assert "2 images in TIFF, GIF or WebP" in notes[0]
    assert f"0.{ending}, …" in notes[0]


def test_only_the_first_images_are_looked_at_for_several_pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = {f"{number}.gif": "a" for number in range(6)}
    for name in named:
        pages = [Image.open(io.BytesIO(made.picture(text))).convert("L") for text in ("a", "b")]
        pages[0].save(tmp_path / name, save_all=True, append_images=pages[1:])
    made.write_gt(tmp_path, named)
    monkeypatch.setattr(several_pages, "_LOOKED_AT", 4)
    assert any("4 images of the first 4 in TIFF, GIF or WebP" in note for note in Folder(tmp_path).notes)
    monkeypatch.setattr(several_pages, "_MOST", 0)
    assert not any("several pages" in note for note in Folder(tmp_path).notes)


@pytest.mark.parametrize("before", ["", "/data/local-files/?d=crops/", "https://example.org/files/"])
def test_names_that_are_written_as_in_a_url_are_found(before: str, tmp_path: Path) -> None:
    named = {"a b.png": "x", "größe.png": "y", "100%.png": "z", "c%20d.png": "w"}
    made.write_images(tmp_path / "crops", named)
    made.write_gt(tmp_path, {before + quote(name): text for name, text in named.items()})
    assert texts_of(Folder(tmp_path)) == named
    made.write_gt(tmp_path, named)
    assert texts_of(Folder(tmp_path)) == named
