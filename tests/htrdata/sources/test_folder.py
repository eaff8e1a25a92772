"""Everybody's own images: each form, what is wrong told line by line, and two readings refused."""

from __future__ import annotations

import json
import pickle
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pyarrow as pa
import pytest

from htrdata.building.builder import build
from htrdata.errors import BadDataError, HtrError, SourceMissingError, UsageError
from htrdata.records import SPLITS, Page, Reason, Word
from htrdata.sources.folder import Asked, Folder
from htrdata.sources.folder.columns import manifest_name
from htrdata.store.manifest import PART_COLUMNS, manifest_schema, own_name

from ... import labelled_folders as made

NAMED = made.words()


def read(source: Folder) -> dict[str, str]:
    """The texts by the ids of the words; each word once."""
    words = words_of(source)
    assert len({word.id for word in words}) == len(words)
    return {word.id: word.text for word in words}


def words_of(source: Folder) -> list[Word]:
    return [word for page in source.pages() for word in page.words]


def write_excel(root: Path, named: Mapping[str, str]) -> None:
    made.write_csv(root / "words.csv", ["Filename", "Words"], list(named.items()), "utf-16", ";")


def write_pandas(root: Path, named: Mapping[str, str]) -> None:
    rows = [(str(number), *item) for number, item in enumerate(named.items())]
    made.write_csv(root / "table.tsv", ["", "path", "transcription"], rows, separator="\t")


def write_windows(root: Path, named: Mapping[str, str]) -> None:
    lines = "".join(f"C:\\Users\\me\\crops\\{name}\t{text}\r\n" for name, text in named.items())
    (root / "gt.txt").write_bytes(b"\xef\xbb\xbf" + lines.encode())


def write_old_mac(root: Path, named: Mapping[str, str]) -> None:
    text = "\r".join(f"./{name}\t{text}" for name, text in named.items())
    (root / "labels.txt").write_bytes(text.encode("utf-16-be"))


def write_without_endings(root: Path, named: Mapping[str, str]) -> None:
    made.write_csv(root / "a.csv", ["image_name", "label"], [(name[:-4], text) for name, text in named.items()])


def write_headless(root: Path, named: Mapping[str, str]) -> None:
    first, *others = named.items()
    made.write_csv(root / "a.csv", first, others)


def write_texts_first(root: Path, named: Mapping[str, str]) -> None:
    first, *others = [(text, name) for name, text in named.items()]
    made.write_csv(root / "a.csv", first, others)


def write_json(root: Path, named: Mapping[str, str]) -> None:
    rows = [{"img": name, "gt": text} for name, text in named.items()]
    (root / "data.json").write_text(json.dumps(rows), encoding="utf-8")


def write_doctr(root: Path, named: Mapping[str, str]) -> None:
    (root / "labels.json").write_text(json.dumps(named), encoding="utf-8")


FORMS: dict[str, Callable[[Path, Mapping[str, str]], None]] = {
    "gt.txt": made.write_gt,
    "gt.txt of Windows, of another folder": write_windows,
    "gt.txt, CR alone and UTF-16 without a mark": write_old_mac,
    "csv of Excel": write_excel,
    "tsv of pandas": write_pandas,
    "csv without endings": write_without_endings,
    "csv without a header": write_headless,
    "csv without a header, texts first": write_texts_first,
    "jsonl": lambda root, named: made.write_jsonl(
        root / "data.jsonl", [{"file_name": name, "text": text} for name, text in named.items()]
    ),
    "json array": write_json,
    "docTR's labels.json": write_doctr,
    "name.gt.txt": made.write_beside,
    "name.txt": lambda root, named: made.write_beside(root, named, ".txt"),
    "parquet of names": lambda root, named: made.write_parquet(
        root / "t.parquet", pa.table({"image": list(named), "text": list(named.values())})
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_texts_is_read(form: str, tmp_path: Path) -> None:
    made.write_images(tmp_path, NAMED)
    FORMS[form](tmp_path, NAMED)
    source = Folder(tmp_path)
    assert read(source) == NAMED
    for word in words_of(source):
        assert word.image is not None
        assert word.image.read() == made.picture(word.text)
        assert word.reason is None


@pytest.mark.parametrize("file", ["train-00000-of-00001.parquet", "data.arrow", "file.arrow"])
def test_images_in_a_table_are_read_in_any_order(file: str, tmp_path: Path) -> None:
    table = made.embedded(NAMED)
    if file.endswith("parquet"):
        made.write_parquet(tmp_path / "data" / file, table)
    else:
        made.write_arrow(tmp_path / "data" / file, table, stream=file.startswith("data"))
    source = Folder(tmp_path, splits="name")
    assert read(source) == NAMED
    words = words_of(source)
    for word in [*words, *reversed(words), words[3], words[17]]:
        assert word.image is not None
        assert word.image.read() == made.picture(word.text)


def test_images_within_a_table_may_have_names_that_are_not_their_own(tmp_path: Path) -> None:
    for split in ("train", "test"):
        made.write_parquet(tmp_path / f"data/{split}-00000-of-00001.parquet", made.embedded(NAMED))
    same = [(page.split, word.id) for page in Folder(tmp_path, splits="given").pages() for word in page.words]
    assert same == [(split, name) for split in ("train", "test") for name in NAMED]
    table = made.embedded({**NAMED, "more.png": "x"})
    table = table.set_column(
        0, "image", pa.array([{**image, "path": None} for image in table["image"].to_pylist()], made.IMAGE)
    )
    made.write_parquet(tmp_path / "more/words.parquet", table)
    assert list(read(Folder(tmp_path / "more", splits="name", split="train")))[:2] == ["words/0000001", "words/0000002"]


def test_columns_that_are_known_are_used_and_others_kept(tmp_path: Path) -> None:
    made.write_images(tmp_path, NAMED)
    rows = [
        (name, f"id{n}", text, ["train", "valid", "Test"][n % 3], f"w{n % 4}", f"p{n // 6}", "x", "200")
        for n, (name, text) in enumerate(NAMED.items())
    ]
    header = ["image", "id", "label", "split", "writer_id", "page", "century", "width"]
    made.write_csv(tmp_path / "table.csv", header, rows)
    source = Folder(tmp_path)
    assert source.extra_columns == ("century", "own_width")
    assert source.division.scheme == "as given"
    found = {word.id: (word, page) for page in source.pages() for word in page.words}
    word, page = found["id7"]
    assert (page.split, page.id, word.writer, word.extra) == (
        "val",
        "p1",
        "w3",
        {"century": "x", "own_width": "200"},
    )
    assert Counter(page.split for _, page in found.values()) == {"train": 7, "val": 7, "test": 6}


def test_no_further_column_takes_the_name_of_one_of_the_store() -> None:
    taken = {*manifest_schema(()).names, *(name for name, _ in PART_COLUMNS), "index"}
    for name in (*taken, "own_key", "source_text", "age"):
        renamed = manifest_name(name)
        assert renamed not in taken
        assert own_name(renamed) == name


@pytest.mark.parametrize(
    ("written", "splits"),
    [
        (["train.csv", "test.csv"], {"train": 18, "val": 2, "test": 20}),
        (["rec_gt_train.txt", "rec_gt_val.txt", "rec_gt_test.txt"], {"train": 20, "val": 20, "test": 20}),
        (["train/metadata.csv", "validation/metadata.csv", "test/metadata.csv"], {"train": 20, "val": 20, "test": 20}),
        ([f"box{number}/gt.txt" for number in range(5)], {"train": 60, "val": 20, "test": 20}),
        (["gt_1.txt", "gt_2.txt"], {"train": 32, "val": 4, "test": 4}),
    ],
)
def test_tables_that_are_parts_of_one_are_read_together(
    written: list[str], splits: dict[str, int], tmp_path: Path
) -> None:
    for number, name in enumerate(written):
        below = Path(name).parent
        named = {f"{number}_{image}": text for image, text in NAMED.items()}
        made.write_images(tmp_path / below, named)
        if name.endswith("csv"):
            made.write_csv(tmp_path / name, ["file_name", "text"], list(named.items()))
        else:
            made.write_gt(tmp_path, named, name) if below == Path() else made.write_gt(
                tmp_path / below, named, "gt.txt"
            )
    found = Counter(page.split for page in Folder(tmp_path).pages() for _ in page.words)
    assert found.total() == 20 * len(written)
    assert {split: pytest.approx(count, abs=2) for split, count in splits.items()} == found


def test_a_name_may_differ_from_its_files_in_unicode_form_and_case(tmp_path: Path) -> None:
    made.write_images(tmp_path, {unicodedata.normalize("NFD", "Größe/é.PNG"): "é", "b.png": "b", "c.png": "c"})
    made.write_gt(tmp_path, {unicodedata.normalize("NFC", "größe/é.png"): "é", "B.png": "b", "c.png": "c"})
    assert read(Folder(tmp_path)) == {"Größe/é.PNG": "é", "b.png": "b", "c.png": "c"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a.png text", "line 2: it is not a path, one tab and a text: 'a.png text'"),
        ("a.png\tone\ttwo", "line 2: it is not a path, one tab and a text"),
        ("b.png\tx\nb.png\ty", "line 3: b.png is in line 2 already"),
        ("./a.png\tx\na.png\tx", "line 3: a.png is in line 2 already"),
        ("gone.png\tx", "line 2: there is no image 'gone.png'"),
        ("../a.png\tx", "line 2: '../a.png' is not a path below"),
        ("/etc/passwd\tx", "line 2: '/etc/passwd' is not a path below"),
        ("..\\a.png\tx", "line 2: '..\\\\a.png' is not a path below"),
        ("a\x00.png\tx", "is not a path below"),
        ("a" * 300 + ".png\tx", "is not a path below"),
        ("\tx", "line 2: '' is not a path below"),
    ],
)
def test_wrong_lines_are_named_or_dropped_with_their_reason(line: str, said: str, tmp_path: Path) -> None:
    first = made.words(5)
    made.write_images(tmp_path, {**first, "a.png": "a", "b.png": "b"})
    (tmp_path / "gt.txt").write_text(f"000.png\tx\n{line}\n" + "".join(f"{name}\tx\n" for name in list(first)[1:]))
    with pytest.raises(BadDataError, match=re.escape(said)) as raised:
        read(Folder(tmp_path))
    assert f"gt.txt in {tmp_path} has to be corrected" in str(raised.value)
    assert "--drop-wrong" in str(raised.value)
    words = words_of(Folder(tmp_path, drop_wrong=True))
    dropped = [word for word in words if word.reason is not None]
    assert said in Folder(tmp_path, drop_wrong=True).notes[0]
    assert len(words) == 5 + line.count("\n") + 1
    assert [word.reason for word in dropped] in (
        [[reason]]
        if (reason := dropped[0].reason) in (Reason.INVALID_ID, Reason.IMAGE_MISSING)
        else [[Reason.DUPLICATE_ID]]
    )


def test_many_wrong_lines_are_counted(tmp_path: Path) -> None:
    made.write_gt(tmp_path, {f"{number}.png": "x" for number in range(37)})
    with pytest.raises(
        BadDataError,
        match=r"(?s)37 lines are wrong.*line 10: .*and 27 more$",
    ) as raised:
        read(Folder(tmp_path))
    assert "line 11" not in str(raised.value)


@pytest.mark.parametrize(
    ("files", "error", "said"),
    [
        (
            {"gt.txt": b"000.png\t\xe4\n"},
            BadDataError,
            "is not UTF-8 (line 1, byte 8): convert it, or say what it is, such as --encoding cp1252",
        ),
        ({}, SourceMissingError, "Write"),
        ({"notes.txt": b"some words\n"}, SourceMissingError, "notes.txt: no line of it is the name of an image, a tab"),
        ({"a.csv": b"file,comment\n000.png,x\n"}, SourceMissingError, "is known to hold the text: --column text=NAME"),
        ({"a.csv": b"file,text,label\n000.png,x,y\n"}, UsageError, "--column text=text or --column text=label"),
        ({"a.csv": b"000.png,x,y\n"}, SourceMissingError, "--column image=1 --column text=2"),
        (
            {"a.csv": b'file,text\n000.png,"Odds\n001.png,x\n'},
            BadDataError,
            "line 2: its quotes are not as csv writes them",
        ),
        ({"a.csv": b'file,text\n000.png,6" x\n001.png,x\n'}, BadDataError, "--quoting none"),
        ({"gt.txt": b'000.png\t"""Odds"\n'}, UsageError, '"""Odds" may be those very signs, or "Odds as csv writes it'),
        ({"a.jsonl": b'{"image": "000.png", "text": 7}\n'}, BadDataError, "line 1: text is 7, not a text"),
        ({"a.jsonl": b'{"image": "000.png", "text": "x"}\n{"image"\n'}, BadDataError, "line 2: "),
        (
            {"a.csv": b"file,text,split\n000.png,x,north\n"},
            BadDataError,
            "its split 'north' is none of train, val and test",
        ),
        (
            {"gt.txt": b"000.png\tx\n", "000.gt.txt": b"y\n"},
            UsageError,
            "--labels gt.txt (1 word) or --labels .gt.txt (1 word)",
        ),
        ({"gt.txt": b"000.png\tx\n", "checked.csv": b"file,text\n001.png,x\n"}, UsageError, "is in one of them only"),
        ({"000.gt.txt": b"y\n", "000.txt": b"z\n"}, UsageError, "000.png is 'y' in one and 'z' in the other"),
        ({"000.txt": b"y\nz\n"}, BadDataError, "000.txt: it has 2 lines of text, and one image"),
        ({"gt.txt": b"000.png\tx\n"}, BadDataError, "1 word is there: to train, validate and test takes 3"),
        ({"a.parquet": b"PAR1 not"}, SourceMissingError, "is damaged, or no Parquet"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_remedy(
    files: dict[str, bytes], error: type[HtrError], said: str, tmp_path: Path
) -> None:
    made.write_images(tmp_path, made.words(3))
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(error, match=re.escape(said)) as raised:
        read(Folder(tmp_path))
    assert str(tmp_path) in str(raised.value) or "--" in str(raised.value)


@pytest.mark.parametrize(
    ("asked", "labels", "text"),
    [
        (Asked({}, quoting="csv"), (), '"Odds'),
        (Asked({}, quoting="none"), (), '"""Odds"'),
        (Asked({}), ("other.csv",), "other"),
        (Asked({"text": "2"}), ("three.csv",), "second"),
        (Asked({"text": "comment"}), ("other.csv",), "remark"),
        (Asked({}, encoding="latin-1"), ("old.txt",), "é"),
        (Asked({}), (".txt",), "beside"),
    ],
)
def test_a_person_says_what_is_meant(asked: Asked, labels: tuple[str, ...], text: str, tmp_path: Path) -> None:
    made.write_images(tmp_path, {"0.png": "x"})
    files = {
        "gt.txt": '0.png\t"""Odds"\n',
        "other.csv": "file,text,comment\n0.png,other,remark\n",
        "three.csv": "0.png,second,third\n",
        "0.txt": "beside\n",
    }
    for name, content in files.items() if labels else [("gt.txt", files["gt.txt"])]:
        (tmp_path / name).write_text(content)
    (tmp_path / "old.txt").write_bytes(b"0.png\t\xe9\n") if labels else None
    assert read(Folder(tmp_path, labels=labels, asked=asked, split="test")) == {"0.png": text}


def test_readings_that_agree_are_one(tmp_path: Path) -> None:
    made.write_images(tmp_path, NAMED)
    made.write_gt(tmp_path, NAMED)
    made.write_beside(tmp_path, NAMED)
    halves = list(NAMED.items())[:12], list(NAMED.items())[12:]
    for split, rows in zip(("train", "test"), halves, strict=True):
        made.write_csv(tmp_path / f"{split}.csv", ["file_name", "text"], rows)
    source = Folder(tmp_path)
    assert source.division.scheme == "as given"  # of the tables that know most
    assert read(source) == NAMED
    assert [note.split(" says")[0] for note in source.notes] == ["--labels gt.txt", "--labels .gt.txt"]


def test_images_that_may_be_in_two_folders_are_asked_for(tmp_path: Path) -> None:
    for folder in ("grey", "binary"):
        made.write_images(tmp_path / folder, NAMED)
    made.write_gt(tmp_path, NAMED)
    with pytest.raises(UsageError, match=r"--images .*binary or --images .*grey"):
        read(Folder(tmp_path))
    source = Folder(tmp_path, images=tmp_path / "grey")
    assert read(source) == NAMED


def test_stores_and_what_systems_leave_behind_are_passed_over(tmp_path: Path) -> None:
    made.write_images(tmp_path, NAMED)
    made.write_gt(tmp_path, NAMED)
    for place in (
        "__MACOSX/._a.png",
        ".ipynb_checkpoints/gt.txt",
        "lmdb/own/dataset.json",
        "lmdb/own/manifest.parquet",
    ):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text("x.png\tx\n")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert read(Folder(tmp_path, labels=("gt.txt",))) == NAMED
    assert read(Folder(tmp_path)) == NAMED
    with pytest.raises(UsageError, match="is a store already"):
        read(Folder(tmp_path / "lmdb"))
    with pytest.raises(UsageError, match="own is a data set of a store"):
        read(Folder(tmp_path / "lmdb/own"))
    with pytest.raises(BadDataError, match="it is an image: name the folder that it is in"):
        read(Folder(tmp_path / "000.png"))


def splits_of(pages: list[Page]) -> dict[str, set[str | None]]:
    found: dict[str, set[str | None]] = {}
    for page in pages:
        for word in page.words:
            found.setdefault(word.writer or page.id, set()).add(page.split)
    return found


@pytest.mark.parametrize("count", [5, 12, 80])
@pytest.mark.parametrize("column", ["writer", "page"])
def test_nobody_and_no_page_is_in_two_splits(column: str, count: int, tmp_path: Path) -> None:
    named = made.words(400)
    made.write_images(tmp_path, dict(list(named.items())[:1]))
    for name in list(named)[1:]:
        (tmp_path / name).hardlink_to(tmp_path / "000.png")
    rows = [(name, text, f"{column} {number % count}") for number, (name, text) in enumerate(named.items())]
    made.write_csv(tmp_path / "a.csv", ["image", "text", column], rows)
    pages = list(Folder(tmp_path).pages())
    assert Folder(tmp_path).division.scheme == f"by {column}"
    found = splits_of(pages)
    assert len(found) == count
    assert all(len(splits) == 1 for splits in found.values())
    shares = Counter(page.split for page in pages for _ in page.words)
    assert 240 <= shares["train"] <= 360
    assert min(shares["val"], shares["test"]) >= 10


def test_more_words_move_no_other_one(tmp_path: Path) -> None:
    from htrdata.sources.folder.splitting import Placed, deal

    words = [Placed(Word(f"word-{number}.png", "x"), None, None) for number in range(4000)]
    some, all_ = deal(words[:1000], "auto"), deal(words, "auto")
    assert list(some.splits) == list(all_.splits)[:1000]
    assert (some.scheme, some.parameters) == (all_.scheme, all_.parameters) == ("by name", {"shares": "80/10/10"})
    assert [all_.splits.count(split) / 4000 for split in ("train", "val", "test")] == pytest.approx(
        [0.8, 0.1, 0.1], abs=0.02
    )


@pytest.mark.parametrize("count", [5, 8, 30, 49, 60])
@pytest.mark.parametrize("by", ["writer", "page"])
def test_how_many_words_somebody_wrote_does_not_matter_unless_they_are_most(by: str, count: int) -> None:
    from htrdata.sources.folder.splitting import Placed, deal

    def written(sizes: list[int], given: str | None = None) -> list[Placed]:
        owners = [f"{by} {number}" for number, size in enumerate(sizes) for _ in range(size)]
        writers = owners if by == "writer" else [None] * len(owners)
        pages = owners if by == "page" else [None] * len(owners)
        return [
            Placed(Word(f"{k}.png", "x", writer=writer), given, page)
            for k, (writer, page) in enumerate(zip(writers, pages, strict=True))
        ]

    def places(sizes: list[int], given: str | None = None) -> dict[str, str | None]:
        words = written(sizes, given)
        return dict(zip((w.word.writer or w.page or "" for w in words), deal(words, "auto").splits, strict=True))

    chance = random.Random(count)
    lines, words = [1] * count, [chance.randint(1, count // 2) for _ in range(count)]
    assert places(lines) == places(words)
    assert Counter(places(lines).values()).keys() == {*SPLITS}
    assert deal(written(lines), "auto").parameters == deal(written(words), "auto").parameters
    for most in range(count):  # whoever wrote nearly all is trained on, in whatever order chance has them
        sizes = [1] * count
        sizes[most] = 10 * count
        assert places(sizes)[f"{by} {most}"] == "train"
        assert Counter(places(sizes).values()).keys() == {*SPLITS}


@pytest.mark.parametrize("count", [3, 4, 7, 49, 50, 51])
def test_every_split_has_a_word(count: int) -> None:
    from htrdata.sources.folder.splitting import Placed, deal

    for start in range(40):
        words = [Placed(Word(f"{start} {number}", "x"), None, None) for number in range(count)]
        assert set(deal(words, "auto").splits) == {"train", "val", "test"}


def test_a_split_that_is_asked_for_must_be_known(tmp_path: Path) -> None:
    made.write_images(tmp_path, NAMED)
    made.write_gt(tmp_path, NAMED)
    for asked, said in (
        ("writer", "20 words have no writer"),
        ("given", "no table gives a split"),
        ("folder", "there are 1 of 3"),
    ):
        with pytest.raises(UsageError, match=re.escape(said)):
            read(Folder(tmp_path, splits=asked))  # type: ignore[arg-type]


def test_what_else_is_known_of_a_folder_is_said(tmp_path: Path) -> None:
    lines = {name: f"a line {text}" for name, text in NAMED.items()}
    made.write_images(tmp_path, {**lines, "more.png": "x"})
    table = pa.table({"image": list(lines), "text": list(lines.values()), "mask": [b"x"] * len(lines)})
    made.write_parquet(tmp_path / "t.parquet", table)
    assert Folder(tmp_path).notes == (
        "t.parquet: mask holds bytes, which no manifest can, and is left out",
        "1 image has no text: left alone",
        "most texts have spaces: if these are lines, --unit line says so",
    )


@pytest.mark.parametrize(("ending", "kind"), [("jp2", "JPEG2000"), ("PGM", "PPM"), ("avif", "AVIF")])
@pytest.mark.parametrize("beside", [False, True])
def test_images_of_libraries_and_cameras_are_built(tmp_path: Path, ending: str, kind: str, beside: bool) -> None:
    named = {f"{name[:-4]}.{ending}": text for name, text in made.words(6).items()}
    for name, text in named.items():
        (tmp_path / name).write_bytes(made.picture(text, kind))
        if beside:
            (tmp_path / name).with_suffix(".gt.txt").write_text(text, encoding="utf-8")
    if not beside:
        (tmp_path / "gt.txt").write_text("".join(f"{a}\t{b}\n" for a, b in named.items()), encoding="utf-8")
    built = build(Folder(tmp_path), tmp_path.with_suffix(".lmdb"), workers=1)
    assert built.description.kept == 6


@pytest.mark.parametrize(("ending", "kind"), [("heic", "HEIC"), ("JXL", "JPEG XL"), ("dng", "raw")])
def test_images_that_nothing_reads_are_told_with_what_to_do(tmp_path: Path, ending: str, kind: str) -> None:
    made.write_images(tmp_path, NAMED)
    (tmp_path / f"a.{ending}").write_bytes(b"\0\0\0\x18ftypheic")
    lines = "".join(f"{name}\t{text}\n" for name, text in NAMED.items())
    (tmp_path / "gt.txt").write_text(f"{lines}a.{ending}\tword\n", encoding="utf-8")
    with pytest.raises(BadDataError, match=rf"'a.{ending}' is an image that cannot be read here \({kind}.*PNG"):
        read(Folder(tmp_path))
    source = Folder(tmp_path, drop_wrong=True)
    assert [word.reason for word in words_of(source) if word.id == f"a.{ending}"] == [Reason.IMAGE_CORRUPT]
    (tmp_path / "gt.txt").unlink()
    with pytest.raises(SourceMissingError, match=rf"1 image cannot be read here \(1 {kind}"):
        read(Folder(tmp_path))


def test_how_far_the_reading_is_is_told_and_goes_to_no_worker(tmp_path: Path) -> None:
    named = {f"{folder}/{name}": text for folder in "ab" for name, text in made.words(4).items()}
    made.write_images(tmp_path, named)
    lines = "".join(f"{name}\t{text}\n" for name, text in named.items())
    (tmp_path / "gt.txt").write_text(lines * 250, encoding="utf-8")
    told: list[tuple[str, int, int]] = []
    source = Folder(tmp_path, drop_wrong=True, progress=lambda *how_far: told.append(how_far))
    assert len(words_of(source)) == 2000
    assert told == [("files", 1, 0), ("files", 5, 0), ("files", 9, 0), ("rows", 1000, 0), ("rows", 2000, 0)]
    assert pickle.loads(pickle.dumps(source)) == Folder(tmp_path, drop_wrong=True)
