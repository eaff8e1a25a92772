"""Looking through a store: what filters find, what corrections write, what is read beside it, what stands around."""

from __future__ import annotations

import io
import math
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from htrdata.building.builder import build
from htrdata.errors import BadDataError, HtrError, OutOfRangeError, SourceMissingError, UsageError
from htrdata.files.on_disk import FileOnDisk
from htrdata.records import Box, Page, Word
from htrdata.store.browsing.answers import Answers
from htrdata.store.browsing.correcting import ChangedElsewhereError, CorrectionLog
from htrdata.store.browsing.filtering import Query
from htrdata.store.browsing.opening import open_answers, said_of
from htrdata.store.browsing.pictures import PageImages
from htrdata.store.corrections import read_corrections
from tests.htrdata.conftest import ListSource, draw_page

LABELS = ("Haus", "haus", "Straße", "a" * 30 + "!", "", "über")


def a_source(folder: Path) -> ListSource:
    pages = []
    (folder / "pages").mkdir(exist_ok=True)
    for number, split in enumerate(("train", "train", "test")):
        draw_page(folder / f"pages/p{number}.jpg", number)
        words = tuple(
            Word(f"p{number}_{place}", label, Box(30 + 45 * place, 60, 40, 20 + 4 * place), writer=f"w{number}")
            for place, label in enumerate(LABELS)
        )
        pages.append(Page(f"p{number}", split, words, FileOnDisk(folder / f"pages/p{number}.jpg")))
    return ListSource(pages)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("browsed")
    build(a_source(found), found / "lmdb", workers=1)
    return found


def opened(
    folder: Path,
    tmp_path: Path,
    *,
    root: Path | None = None,
    predictions: Path | None = None,
    audit: Path | None = None,
) -> Answers:
    corrections = tmp_path / "c.csv"
    return open_answers(folder / "lmdb", root=root, predictions=predictions, audit=audit, corrections=corrections)


def ids(answers: Answers, **asked: str) -> list[object]:
    found = answers.listed(Query.parse(asked), 0, 100)["columns"]
    assert isinstance(found, dict)
    listed = found["id"]
    assert isinstance(listed, list)
    return list(listed)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"split": "test", "text": "haus"}, ["p2_0", "p2_1"]),
        ({"split": "test", "text": "^haus$", "case": "1"}, ["p2_1"]),
        ({"text": "ß|ü", "writer": "w1"}, ["p1_2", "p1_5"]),
        ({"reason": "dropped"}, ["p0_4", "p1_4", "p2_4"]),
        ({"reason": "empty_label", "id": "p1"}, ["p1_4"]),
        ({"reason": "kept", "writer": "w0", "order": "long"}, ["p0_3", "p0_2", "p0_0", "p0_1", "p0_5"]),
        ({"size": "x36-", "split": "test"}, ["p2_5"]),
        ({"size": "40-40x-20", "split": "test"}, ["p2_0"]),
        ({"split": "none"}, []),
        ({"text": "x", "order": "high"}, []),
    ],
)
def test_filters_find_words(asked: dict[str, str], found: list[str], folder: Path, tmp_path: Path) -> None:
    assert ids(opened(folder, tmp_path), **asked) == found


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"text": "(a"}, "is no regular expression"),
        ({"text": r"(a)\1"}, "is no regular expression"),
        ({"size": "wide"}, "is no range of width"),
        ({"reading": "a"}, "give --predictions FILE"),
        ({"order": "rank"}, "give --audit FILE"),
        ({"order": "random"}, "no order 'random'"),
        ({"colour": "red"}, "no filter 'colour'"),
    ],
)
def test_what_is_no_filter_is_refused(asked: dict[str, str], said: str, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        ids(opened(folder, tmp_path), **asked)
    assert said in str(refused.value)


def test_no_regular_expression_takes_forever(folder: Path, tmp_path: Path) -> None:
    answers, before = opened(folder, tmp_path), time.perf_counter()
    assert ids(answers, text="^(a+)+$") == []  # 2^30 steps for who goes back
    assert ids(answers, text="(x+x+)+y", case="1") == []
    assert time.perf_counter() - before < 2


def test_a_list_is_told_in_pieces_with_the_place_of_a_word(folder: Path, tmp_path: Path) -> None:
    answers = opened(folder, tmp_path)
    told = answers.listed(Query(split="train"), 5, 3)
    assert (told["total"], told["first"]) == (12, 5)
    assert told["columns"]["id"] == ["p0_5", "p1_0", "p1_1"]  # type: ignore[index,call-overload]
    assert answers.place(Query(split="test"), 14) == 2
    assert answers.place(Query(split="test"), 3) is None
    assert answers.listed(Query(), 1000, 10)["columns"]["row"] == []  # type: ignore[index,call-overload]
    with pytest.raises(OutOfRangeError, match="no word 18"):
        answers.word(18)


def test_corrections_are_written_at_once_and_undone_one_by_one(folder: Path, tmp_path: Path) -> None:
    answers, file = opened(folder, tmp_path), tmp_path / "c.csv"
    assert not file.exists()
    answers.correct(0, " Hauß ")
    answers.correct(1, "")
    answers.correct(4, "neu")
    answers.correct(0, "Häuser")
    lines = read_corrections(file).corrections
    assert [(one.id, one.old, one.new) for one in lines] == [
        ("p0_0", "Haus", "Hauß"),
        ("p0_1", "haus", ""),
        ("p0_4", "", "neu"),
        ("p0_0", "Hauß", "Häuser"),
    ]
    assert all(one.when.endswith("+00:00") for one in lines)
    assert (ids(answers, touched="flagged"), ids(answers, touched="both")) == (["p0_1"], ["p0_0", "p0_1", "p0_4"])
    assert answers.word(0)["now"] == "Häuser"
    told = answers.undo()
    assert (told["line"], answers.word(0)["now"]) == (
        {"id": "p0_0", "old": "Hauß", "new": "Häuser", "now": "Hauß"},
        "Hauß",
    )
    again = opened(folder, tmp_path)  # whoever starts anew goes on
    assert len(again.log) == 3
    built = build(a_source(tmp_path), tmp_path / "lmdb", workers=1, corrections=file).description
    assert built.corrections is not None
    assert built.corrections.words == 3
    for _ in range(3):
        again.undo()
    assert again.undo()["line"] is None
    assert read_corrections(file).corrections == ()


@pytest.mark.parametrize(("new", "said"), [("Haus", "already"), ("a\x00b", "cannot be a label"), ("x\ny", "cannot be")])
def test_what_cannot_be_a_label_is_not_written(new: str, said: str, folder: Path, tmp_path: Path) -> None:
    answers = opened(folder, tmp_path)
    with pytest.raises(UsageError, match=said):
        answers.correct(0, new)
    assert not (tmp_path / "c.csv").exists()


def test_what_others_write_meanwhile_is_not_lost(tmp_path: Path) -> None:
    ours, theirs = CorrectionLog(tmp_path / "c.csv"), CorrectionLog(tmp_path / "c.csv")
    theirs.correct("a", "x", "y")
    with pytest.raises(ChangedElsewhereError, match="read again"):
        ours.correct("b", "x", "z")
    ours.correct("b", "x", "z")
    assert [one.id for one in read_corrections(tmp_path / "c.csv").corrections] == ["a", "b"]
    (tmp_path / "c.csv").write_text("nonsense")
    with pytest.raises(BadDataError):
        ours.correct("c", "x", "z")
    assert (tmp_path / "c.csv").read_text() == "nonsense"


def test_readings_are_joined_by_id_or_by_name(folder: Path, tmp_path: Path) -> None:
    by_id, by_name = tmp_path / "ids.csv", tmp_path / "names.parquet"
    by_id.write_text('\ufeff"id","text","confidence"\n"p0_0","Haus","0.9"\n"p2_1","NA",""\n', "utf-8")
    answers = opened(folder, tmp_path, predictions=by_id)
    assert ids(answers, differs="1") == ["p2_1"]
    assert ids(answers, confidence="0.8-0.95") == ids(answers, differs="0") == ["p0_0"]
    assert ids(answers, reading="^NA$") == ["p2_1"]
    assert answers.about()["confidences"] is True
    names = ["drawn/train/p0_0", "other/train/p0_1", "drawn/test/p2_0"]
    pq.write_table(pa.table({"name": names, "text": ["x", "y", "Haus"]}), by_name)
    answers = opened(folder, tmp_path, predictions=by_name)
    assert (ids(answers, differs="1"), ids(answers, differs="0")) == (["p0_0"], ["p2_0"])
    assert list(said_of(answers))[1] == "2 words are read"


def test_an_audit_gives_an_order(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "audit.csv"
    file.write_text("rank,id,split,label,reading,confidence,score,kind\n2,p0_1,train,haus,Haus,0.5,1.5,case\n")
    with file.open("a") as more:
        more.write('1,p2_2,test,Straße,"St,raße",0.9,7.25,mark\n')
    answers = opened(folder, tmp_path, audit=file)
    assert ids(answers, order="rank")[:2] == ["p2_2", "p0_1"]
    assert ids(answers, kind="case") == ["p0_1"]
    assert answers.word(14)["known"]["reading"] == "St,raße"  # type: ignore[index,call-overload]
    assert answers.about()["kinds"] == {"case": 1, "mark": 1}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "id,text\nelsewhere,x\n", "has no word of drawn"),
        ("a.csv", "id,text\np0_0,x\np0_0,y\n", "has a word twice"),
        ("a.csv", "id,read\np0_0,x\n", "has no column 'text'"),
        ("a.csv", "word,text\np0_0,x\n", "neither a column id nor name"),
        ("a.csv", "id,text,confidence\np0_0,x,sure\n", "cannot be read as a table"),
        ("a.csv", "id,text\np0_0,x,y\n", "cannot be read as a table"),
        ("a.parquet", "no parquet", "cannot be read as a table"),
        ("a.txt", "id,text\n", "ends neither in .csv nor in .parquet"),
    ],
)
def test_what_are_no_readings_is_refused(name: str, content: str, said: str, folder: Path, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(HtrError) as refused:
        opened(folder, tmp_path, predictions=tmp_path / name)
    assert said in str(refused.value)
    with pytest.raises(SourceMissingError):
        opened(folder, tmp_path, predictions=tmp_path / f"missing-{name}")


def test_pictures_come_from_shards_and_from_pages(folder: Path, tmp_path: Path) -> None:
    answers = opened(folder, tmp_path)
    kept = answers.image(0)
    assert kept is not None
    assert Image.open(io.BytesIO(kept)).size == (40, 20)
    assert answers.image(4) is answers.page(0, 1.0) is None  # dropped, and there is no page
    answers = opened(folder, tmp_path, root=folder / "pages")
    cut, whole = answers.image(4), answers.page(0, math.inf)
    assert cut is not None
    assert whole is not None
    assert Image.open(io.BytesIO(cut)).width >= 40
    assert Image.open(io.BytesIO(whole)).size == (320, 240)
    assert answers.word(0)["page"] is True


def test_the_frame_is_where_the_word_is(tmp_path: Path) -> None:
    """A dark word on a light page, turned by 30 degrees counter-clockwise: the frame runs around it, not through it."""
    page = Image.new("L", (400, 300), 255)
    word = Image.new("L", (120, 30), 0)
    turned = word.rotate(30, expand=True, fillcolor=255)
    page.paste(turned, (200 - turned.width // 2, 150 - turned.height // 2))
    (tmp_path / "sub").mkdir()
    page.save(tmp_path / "sub/page.png")
    found = PageImages(tmp_path).around("sub/page", Box(200, 150, 130, 40, 30), math.inf)
    pixels = np.asarray(Image.open(io.BytesIO(found)).convert("RGB")).astype(int)
    red = (pixels[..., 0] > 150) & (pixels[..., 1] < 110)
    inside = np.zeros(red.shape, bool)
    inside[:] = np.asarray(page) < 128
    assert red.sum() > 600  # some 340 pixels long, and wide enough to be seen
    assert not (red & inside).any()
    assert PageImages(tmp_path).has("page")
    assert PageImages(tmp_path).has("page.xml")
    with pytest.raises(SourceMissingError, match="no image of page other"):
        PageImages(tmp_path).around("other", Box(1, 1, 1, 1), 1)


def test_what_a_person_should_know_is_said(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("id,old,new\nelsewhere,a,b\n")
    (tmp_path / "none").mkdir()
    said = list(said_of(opened(folder, tmp_path, root=tmp_path / "none")))
    assert said[0] == "drawn: 18 words, 15 of them kept"
    assert said[1].startswith("no image of a page was found below")
    assert "has 1 word not in drawn, such as 'elsewhere'" in said[2]
    with pytest.raises(SourceMissingError, match="--root names"):
        opened(folder, tmp_path, root=tmp_path / "nowhere")
