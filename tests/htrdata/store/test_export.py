"""Words out of a store: in forms that others open, and back again without a loss."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import htrdata
from htrdata.building.options import BuildOptions
from htrdata.errors import BadDataError, CannotCreateError, HtrError, StorageError, UsageError
from htrdata.files.on_disk import FileOnDisk
from htrdata.records import DRAWN, DRAWN_PICTURE, Page, SourceInfo, Word
from htrdata.sources.folder import Folder
from htrdata.store.export_card import licence_id
from htrdata.store.exporting import Form, export
from htrdata.store.file_names import FileNames
from htrdata.store.manifest_reader import ManifestReader
from htrdata.store.reading import Dataset, Store
from htrdata.store.shards import Shard

from ... import labelled_folders as made
from ..conftest import ListSource

NAMED = made.words(30)
AS_THEY_ARE = BuildOptions(height=0)

Row = dict[str, object]


def build(source: Folder | ListSource, store: Path, name: str = "words") -> Dataset:
    htrdata.build(source, store, AS_THEY_ARE, name=name, workers=1)
    return Store(store).dataset(name)


def rows_of(dataset: Dataset) -> list[Row]:
    """The kept words with their images and all that is known of them, split by split."""
    table = ManifestReader(dataset.manifest_path).table()
    about: list[Row] = table.drop_columns(["dataset"]).to_pylist()
    for row in about:
        row["shard"] = None  # which has the name of the data set
    kept = {(row["split"], row["id"]): row for row in about if row["status"] == "kept"}
    return [
        {**kept.pop((split, word.id)), "image": word.encoded, "label": word.text}
        for split in dataset.splits
        for word in dataset.words(split)
    ]


@pytest.fixture
def source(tmp_path: Path) -> Folder:
    """PNGs and JPEGs in grey, with writers, pages, a number, and a column that a manifest has itself."""
    root = tmp_path / "in"
    made.write_images(root, NAMED)
    jpegs = {name.replace(".png", ".jpg"): text for name, text in list(NAMED.items())[:5]}
    for name, text in jpegs.items():
        (root / name).write_bytes(made.picture(text, "JPEG"))
    rows = [
        {
            "file_name": name,
            "text": text,
            "writer": f"w{number % 6}",
            "page": f"p{number // 4}",
            "year": 1900 + number,
            "width": "x" if number else None,
            "split": ["train", "val", "test"][number % 3],
        }
        for number, (name, text) in enumerate([*NAMED.items(), *jpegs.items()])
    ]
    made.write_jsonl(root / "all.jsonl", rows)
    return Folder(root)


@pytest.mark.parametrize("form", ["folder", "parquet"])
def test_out_and_in_again_nothing_is_lost(form: Form, source: Folder, tmp_path: Path) -> None:
    first = build(source, tmp_path / "one")
    export(first, form, tmp_path / "out")
    second = build(Folder(tmp_path / "out"), tmp_path / "two")
    assert rows_of(first) == rows_of(second)
    assert len(rows_of(first)) == 35
    assert second.description.content_digest == first.description.content_digest
    export(second, form, tmp_path / "again")
    files = {p.relative_to(tmp_path / "out"): p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    again = {p.relative_to(tmp_path / "again"): p.read_bytes() for p in (tmp_path / "again").rglob("*") if p.is_file()}
    assert {path: data for path, data in files.items() if path.name != "README.md"} == {
        path: data for path, data in again.items() if path.name != "README.md"
    }


def test_a_parquet_file_comes_back_as_it_was(tmp_path: Path) -> None:
    numbers = {
        "age": pa.array([None, *range(29)], pa.int16()),
        "sure": pa.array([n % 2 == 0 for n in range(30)]),
        "slant": pa.array([n / 7 for n in range(30)], pa.float32()),
        "note": pa.array(["", None, *"x" * 28]),
    }
    table = made.embedded(NAMED, **numbers)
    made.write_parquet(tmp_path / "in/data/test-00000-of-00001.parquet", table)
    export(build(Folder(tmp_path / "in"), tmp_path / "lmdb"), "parquet", tmp_path / "out")
    found = pq.read_table(tmp_path / "out/data/test-00000-of-00001.parquet")
    assert found.to_pylist() == table.to_pylist()
    assert found.schema.equals(table.schema, check_metadata=False)
    features = json.loads(found.schema.metadata[b"huggingface"])["info"]["features"]
    assert features["image"] == {"_type": "Image"}
    assert {name: one["dtype"] for name, one in features.items() if name != "image"} == {
        "text": "string",
        "age": "int16",
        "sure": "bool",
        "slant": "float32",
        "note": "string",
    }


def test_a_folder_is_what_kraken_and_doctr_read(source: Folder, tmp_path: Path) -> None:
    dataset = build(source, tmp_path / "lmdb")
    export(dataset, "folder", tmp_path / "out")
    for split in dataset.splits:
        images = tmp_path / "out" / split / "images"
        texts = sorted((word.text, word.encoded) for word in dataset.words(split))
        # docTR's RecognitionDataset: the names of the images below the folder, and their texts.
        labels = json.loads((tmp_path / "out" / split / "labels.json").read_text("utf-8"))
        assert sorted((text, (images / name).read_bytes()) for name, text in labels.items()) == texts
        # kraken's path format: the text beside each image, whose name ends in .gt.txt instead.
        pairs = [(path, path.with_suffix(".gt.txt")) for path in images.rglob("*") if path.suffix in (".png", ".jpg")]
        assert sorted((text.read_text("utf-8").strip(), image.read_bytes()) for image, text in pairs) == texts


def test_plain_shards_come_back_as_they_were(source: Folder, tmp_path: Path) -> None:
    export(build(source, tmp_path / "one"), "clova", tmp_path / "out")
    second = build(Folder(tmp_path / "out"), tmp_path / "two")
    assert second.splits == ("train", "val", "test")
    export(second, "clova", tmp_path / "again")
    for path in (tmp_path / "out").rglob("data.mdb"):
        assert (tmp_path / "again" / path.relative_to(tmp_path / "out")).read_bytes() == path.read_bytes()


def test_plain_shards_hold_images_and_labels_alone(source: Folder, tmp_path: Path) -> None:
    dataset = build(source, tmp_path / "lmdb")
    export(dataset, "clova", tmp_path / "out")
    for split in dataset.splits:
        shard, words = Shard(tmp_path / "out" / split / "words"), dataset.words(split)
        found = [(shard.label(key), shard.image(key)) for key in range(1, len(shard) + 1)]
        assert found == [(word.text, word.encoded) for word in words]


@pytest.mark.parametrize(
    ("where", "ids"),
    [
        (["split=test"], {"test": 11}),
        (["writer=w0, w1", "split!=train"], {"val": 6}),
        (["writer=w0", "page!=p0"], {"train": 5}),
        (["width>=60"], {"train": 12, "val": 12, "test": 11}),
        (["year=1907,1908"], {"val": 1, "test": 1}),
        (["text=Odds"], {"train": 2}),
        (["own_width!=x"], {"train": 1}),
    ],
)
def test_a_part_goes_out(where: list[str], ids: dict[str, int], source: Folder, tmp_path: Path) -> None:
    done = export(build(source, tmp_path / "lmdb"), "parquet", tmp_path / "out", where)
    assert done.counts == ids
    assert " and ".join(where) in (tmp_path / "out/README.md").read_text("utf-8")


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (["writer"], "'writer' is no condition: give a column, one of = != < <= > >= ~, and what to compare with"),
        (["hand=w0"], "has no column hand: it has id, dataset"),
        (["writer>w0"], "the column writer has texts: compare it with = or !=, not with >"),
        (["width=wide"], "'wide' is no number, which the column width has"),
        (["box=1"], "the column box is neither of texts nor of numbers"),
        (["writer=nobody"], "no kept word of words meets writer=nobody: loosen the conditions"),
    ],
)
def test_conditions_that_cannot_be_met_are_told(where: list[str], said: str, source: Folder, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        export(build(source, tmp_path / "lmdb"), "folder", tmp_path / "out", where)
    assert said in str(raised.value)
    assert not (tmp_path / "out").exists()


def test_nothing_is_there_before_all_is(source: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = build(source, tmp_path / "lmdb")
    with monkeypatch.context() as patched:
        patched.setattr(FileNames, "of", mock.Mock(side_effect=OSError(28, "No space left on device")))
        with pytest.raises(StorageError, match=r"writing .*out failed: No space"):
            export(dataset, "folder", tmp_path / "out")
    assert not [path.name for path in tmp_path.iterdir() if "out" in path.name]
    (tmp_path / "out").mkdir()
    (tmp_path / ".out.partial").mkdir()  # of one that was killed
    export(dataset, "folder", tmp_path / "out")
    with pytest.raises(CannotCreateError, match="has something in it already"):
        export(dataset, "folder", tmp_path / "out")
    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "file", tmp_path / "file" / "out"):
        with pytest.raises(HtrError, match="cannot create"):
            export(dataset, "folder", place)


def test_it_goes_into_the_folder_one_is_in_and_not_into_the_store(
    source: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = build(source, tmp_path / "lmdb")
    for out in ("lmdb/out", "lmdb/words/out"):
        with pytest.raises(CannotCreateError, match=r"lies in .*lmdb"):
            export(dataset, "folder", tmp_path / out)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    export(dataset, "folder", Path())
    assert sorted(path.name for path in Path().iterdir()) == ["README.md", "test", "train", "val"]


def test_odd_labels_come_back_from_each_of_their_places(tmp_path: Path) -> None:
    odd = [
        "\ufeffbom",
        "\ufeff\ufefftwo",
        "a\u0301e\u0302",
        "\u202eevil",
        "שלום",
        "# x",
        '"a',
        "a b",
        "-",
        "\u3000b",
        "{}",
        "null",
    ]
    named = dict(zip(made.words(len(odd)), odd, strict=True))
    root = tmp_path / "in"
    made.write_images(root, named)
    made.write_jsonl(root / "words.jsonl", [{"file_name": name, "text": text} for name, text in named.items()])
    dataset = build(Folder(root, split="test"), tmp_path / "lmdb")
    export(dataset, "folder", tmp_path / "out")
    for labels in ("test/metadata.jsonl", "test/labels.json", ".gt.txt"):
        back = build(Folder(tmp_path / "out", labels=(labels,), split="test"), tmp_path / labels.strip("."))
        assert [word.text for word in back.words("test")] == [word.text for word in dataset.words("test")]
    assert list(Folder(tmp_path / "out", split="test").pages())  # they say the same, so no choice is asked for


def test_the_card_has_terms_and_front_matter(source: Folder, tmp_path: Path) -> None:
    about = SourceInfo('Letters: "old" ones', "https://example.org", "CC BY-SA 4.0", "Doe: Letters. 2024")
    named = Folder(source.root, about=about, unit="line")
    export(build(named, tmp_path / "lmdb"), "parquet", tmp_path / "out")
    head, body = (tmp_path / "out/README.md").read_text("utf-8").split("---\n")[1:]
    assert head.splitlines()[:2] == [r'pretty_name: "Letters: \"old\" ones"', "license: cc-by-sa-4.0"]
    assert '  - split: validation\n    path: "data/validation-*"' in head
    for said in (
        "35 images of handwritten lines",
        "CC BY-SA 4.0",
        "Doe: Letters. 2024",
        "--unit line",
        "Splits: as given",
    ):
        assert said in body


@pytest.mark.parametrize(
    ("licence", "name"),
    [
        ("CC BY 4.0", "cc-by-4.0"),
        ("CC BY-NC 4.0 (see its site)", "cc-by-nc-4.0"),
        ("cc-by-nc-sa-3.0", "cc-by-nc-sa-3.0"),
        ("CC0 1.0", "cc0-1.0"),
        ("Apache-2.0", "apache-2.0"),
        ("that of the images", None),
    ],
)
def test_licences_have_the_names_that_hugging_face_knows(licence: str, name: str | None) -> None:
    assert licence_id(licence) == name


@pytest.mark.parametrize(
    ("drawn", "tagged", "said"),
    [
        (DRAWN, True, "Drawn by a program: pixels and strokes; this is no handwriting of people."),
        (DRAWN_PICTURE, False, "The strokes are people's, as a pen recorded them"),
    ],
)
def test_a_drawn_word_is_called_so(drawn: str, tagged: bool, said: str, tmp_path: Path) -> None:
    (tmp_path / "w.png").write_bytes(made.picture("x"))
    pages = [Page(f"p{n}", "train", (Word(f"w{n}", "x", image=FileOnDisk(tmp_path / "w.png")),)) for n in range(3)]
    export(build(ListSource(pages, drawn=drawn), tmp_path / "lmdb"), "parquet", tmp_path / "out")
    text = (tmp_path / "out/README.md").read_text("utf-8")
    assert ("- synthetic" in text) is tagged
    assert said in text


@pytest.mark.parametrize("form", ["folder", "parquet", "clova"])
def test_what_the_words_are_comes_back_with_them(tmp_path: Path, form: Form) -> None:
    images = [made.picture(str(number)) for number in range(4)]
    for number, image in enumerate(images):
        (tmp_path / f"{number}.png").write_bytes(image)
    # A page that two splits have, as Imgur5K has one.
    both = [("train", "p"), ("train", "q"), ("val", "p"), ("test", "r")]
    files = [FileOnDisk(tmp_path / f"{number}.png") for number in range(4)]
    pages = [
        Page(page, split, (Word(f"{page}_0", "x", image=file), Word(f"{page}_1", "y", image=file)))
        for (split, page), file in zip(both, files, strict=True)
    ]
    first = build(ListSource(pages, drawn="pixels and strokes"), tmp_path / "lmdb")
    export(first, form, tmp_path / "out")
    for place in (tmp_path / "out", tmp_path / "copy" / "train" / "deep"):
        if not place.exists():  # the card is found from a folder within the export, too
            shutil.copytree(tmp_path / "out", place.parent.parent)
            place.mkdir(parents=True, exist_ok=True)
            (place / "README.md").write_text("# none of ours")
            assert Folder(place).drawn == "pixels and strokes"
            continue
        read = Folder(place)
        again = build(read, tmp_path / "again")
        assert again.description.drawn == "pixels and strokes"
        assert again.description.about == first.description.about
        if form != "clova":
            assert rows_of(again) == rows_of(first)
        # Put into one split, two words of one id are none of two.
        if form == "folder":
            with pytest.raises(BadDataError, match="p_0 is in line 1 already"):
                list(Folder(place, split="test").pages())


@pytest.mark.parametrize("value", ["[]", '{"drawn": 1}', "{"])
def test_a_line_of_a_card_that_was_changed_is_refused(tmp_path: Path, value: str) -> None:
    (tmp_path / "README.md").write_text(f"---\npretty_name: x\nhtrdata: {value}\n---\n")
    with pytest.raises(BadDataError, match=r"README\.md, line 3"):
        _ = Folder(tmp_path).drawn
    (tmp_path / "README.md").write_text(f"---\npretty_name: x\n---\nhtrdata: {value}\n")
    assert Folder(tmp_path).drawn is None


def test_every_id_gives_a_name_of_its_own() -> None:
    png, jpeg = made.picture("x"), made.picture("x", "JPEG")
    names = FileNames()
    ids = [
        "a.png",
        "A.png",
        "b/c",
        "a.jpg",
        "../x",
        "/etc/x",
        "",
        "con",
        "x" * 300,
        "a\nb",
        "größe",
        "v1.5",
        "a.tif",
        "..",
        "b/c.png",
    ]
    found = [names.of(word_id, png) for word_id in ids]
    assert found[:3] == ["a.png", found[1], "b/c.png"]
    assert found[10:12] == ["größe.png", "v1.5.png"]
    assert len({name.lower().rpartition(".")[0] for name in found}) == len(ids)
    for name in found:
        assert name.endswith(".png")
        assert not Path(name).is_absolute()
        assert ".." not in Path(name).parts
        assert max(map(len, Path(name).parts)) < 130
    assert FileNames().of("a.JPEG", jpeg) == "a.JPEG"
    assert FileNames().of("a.png", jpeg) == "a.jpg"
