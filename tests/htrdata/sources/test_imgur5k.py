"""The reader of Imgur5K: the published layouts, their quirks and their faults."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from htrdata.errors import BadDataError, SourceMissingError
from htrdata.labels import PRINTABLE, LabelPolicy
from htrdata.records import Box, Page, Reason
from htrdata.sources import imgur5k
from htrdata.sources.imgur5k.annotated_words import parse_box
from htrdata.sources.overlap import drop_leaked, find_leaks

MD5 = "0123456789abcdef0123456789abcdef"


def annotation_file(pages: dict[str, list[tuple[str, str]]]) -> dict[str, Any]:
    """An annotation file of pages with (word, box) pairs."""
    document: dict[str, Any] = {"index_id": {}, "index_to_ann_map": {}, "ann_id": {}}
    for page, words in pages.items():
        ids = [f"{page}_{i}" for i in range(len(words))]
        document["index_id"][page] = {"image_url": "", "image_path": f"/elsewhere/{page}.jpg", "image_hash": MD5}
        document["index_to_ann_map"][page] = ids
        for word_id, (word, box) in zip(ids, words, strict=True):
            document["ann_id"][word_id] = {"word": word, "bounding_box": box}
    return document


def write(root: Path, **files: str | dict[str, Any]) -> Path:
    """Writes files into ROOT/dataset_info; a name's last underscore stands for the dot."""
    info = root / "dataset_info"
    info.mkdir(exist_ok=True)
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        (info / ".".join(name.rsplit("_", 1))).write_text(text, encoding="utf-8")
    return root


def lists(train: str = "", val: str = "", test: str = "") -> dict[str, str]:
    return {
        f"{name}_index_ids_lst": "\n".join(ids.split())
        for name, ids in [("train", train), ("val", val), ("test", test)]
    }


BOX = "[10.5, 20, 30.0, 40.25, -1.67]"


def test_a_page_comes_with_its_words_boxes_image_and_hash(tmp_path: Path) -> None:
    write(
        tmp_path, imgur5k_annotations_json=annotation_file({"abcDE": [("It", BOX), (".", BOX)]}), **lists(val="abcDE")
    )
    (page,) = imgur5k.read(tmp_path)
    assert (page.id, page.split, page.md5, page.reason) == ("abcDE", "val", MD5, None)
    assert page.image is not None
    assert page.image.name == str(tmp_path / "images" / "abcDE.jpg")  # never the path that the JSON gives
    assert [(word.id, word.text, word.reason) for word in page.words] == [
        ("abcDE_0", "It", None),
        ("abcDE_1", ".", Reason.MISSING_ANNOTATION),
    ]
    assert page.words[0].box == Box(10.5, 20, 30, 40.25, -1.67)


def test_hashes_of_the_list_win_over_the_annotations(tmp_path: Path) -> None:
    hashes = f"abcDE\t{'F' * 32}\nabcDE {'f' * 32}\n"
    write(
        tmp_path, imgur5k_annotations_json=annotation_file({"abcDE": []}), imgur5k_hashes_lst=hashes, **lists("abcDE")
    )
    assert [page.md5 for page in imgur5k.read(tmp_path)] == ["f" * 32]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1, 2, 3, 4, 5", Box(1, 2, 3, 4, 5)),
        ("1, 2, 3, 4, 5]", Box(1, 2, 3, 4, 5)),
        (" [-1.5,2e1,3,4,-180] ", Box(-1.5, 20, 3, 4, -180)),
        ([1, 2, 3, 4, 5], Box(1, 2, 3, 4, 5)),
        ("[1, 2, 3, 4]", None),
        ("[1, 2, 3, 4, 5, 6]", None),
        ("[1, 2, 3, 4, nan]", None),
        ("[1, 2, inf, 4, 5]", None),
        ("[1, 2, three, 4, 5]", None),
        ("", None),
        (None, None),
        ([1, 2, 3, 4, None], None),
        ([1, 2, 3, 4, True], None),
        ([1, 2, int("9" * 400), 4, 5], None),
        (f"[1, 2, {'9' * 400}, 4, 5]", None),
        ([1, 2, {"w": 3}, [4], 5], None),
    ],
)
def test_boxes(tmp_path: Path, text: Any, expected: Box | None) -> None:
    write(tmp_path, imgur5k_annotations_json=annotation_file({"abcDE": [("x", text)]}), **lists("abcDE"))
    (word,) = next(imgur5k.read(tmp_path)).words
    assert word.box == expected
    assert word.reason == (None if expected else Reason.INVALID_BOX)


@given(st.tuples(*[st.floats(-1e4, 1e4)] * 5))
def test_any_box_survives_its_text(values: tuple[float, float, float, float, float]) -> None:
    assert parse_box(str(list(values)), {}) == Box(*values)


def test_equal_numbers_of_boxes_are_held_once_and_keep_their_sign(tmp_path: Path) -> None:
    words = [("x", "[0.0, 20.5, 30, 20.5, -0.0]"), ("y", "[-0.0, 20.5, 30, 7, 0.0]")]
    write(tmp_path, imgur5k_annotations_json=annotation_file({"abcDE": words}), **lists("abcDE"))
    x, y = (word.box for word in next(imgur5k.read(tmp_path)).words)
    assert x is not None
    assert y is not None
    assert x.yc is x.h is y.yc
    assert str(x) == "Box(xc=0.0, yc=20.5, w=30.0, h=20.5, angle=-0.0)"
    assert str(y) == "Box(xc=-0.0, yc=20.5, w=30.0, h=7.0, angle=0.0)"


def test_splits_follow_their_lists_and_what_is_in_none_comes_last(tmp_path: Path) -> None:
    document = annotation_file({name: [("x", BOX)] for name in ["aaaaa", "bbbbb", "ccccc", "ddddd"]})
    write(tmp_path, imgur5k_annotations_json=document, **lists("ccccc null aaaaa ccccc", "bbbbb aaaaa", "eeeee"))
    pages = [(page.id, page.split, page.reason, len(page.words)) for page in imgur5k.read(tmp_path)]
    assert pages == [
        ("ccccc", "train", None, 1),
        ("null", "train", None, 0),
        ("aaaaa", "train", None, 1),
        ("bbbbb", "val", None, 1),
        ("aaaaa", "val", None, 1),
        ("eeeee", "test", None, 0),
        ("ddddd", None, Reason.NOT_IN_SPLIT, 1),
    ]


def test_splits_without_their_annotations_are_listed_without_words(tmp_path: Path) -> None:
    write(
        tmp_path,
        imgur5k_annotations_val_json=annotation_file({"bbbbb": [("x", BOX)]}),
        **lists("aaaaa", "bbbbb", "ccccc"),
    )
    pages = [(page.id, page.split, len(page.words)) for page in imgur5k.read(tmp_path)]
    assert pages == [("aaaaa", "train", 0), ("bbbbb", "val", 1), ("ccccc", "test", 0)]


def test_the_data_list_serves_the_splits_that_have_no_json(tmp_path: Path) -> None:
    rows = [("aaaaa", "#1", BOX), ("ccccc", "x", BOX), ("aaaaa", 'say "a\\b"', BOX), ("aaaaa", ".", BOX)]
    data = "".join(f"https://i.imgur.com/{page}.jpg\t{box}\t{word}\r\n" for page, word, box in rows)
    one = annotation_file({"bbbbb": [("y", BOX)]})
    write(tmp_path, imgur5k_data_lst=data, imgur5k_annotations_val_json=one, **lists("aaaaa", "bbbbb", "ccccc"))
    pages = {page.id: page for page in imgur5k.read(tmp_path)}
    # A page may come back later in the list; words may begin with the comment sign that the published reader obeyed.
    assert [(word.id, word.text) for word in pages["aaaaa"].words] == [
        ("aaaaa_0", "#1"),
        ("aaaaa_1", 'say "a\\b"'),
        ("aaaaa_2", "."),
    ]
    assert [word.text for word in pages["bbbbb"].words] == ["y"]
    assert [word.id for word in pages["ccccc"].words] == ["ccccc_0"]


def test_a_page_that_no_split_lists_comes_last_whatever_file_has_it(tmp_path: Path) -> None:
    data = "".join(f"https://i.imgur.com/{page}.jpg\t{BOX}\tx\n" for page in ("aaaaa", "bbbbb", "ccccc", "eeeee"))
    one = annotation_file({"bbbbb": [("y", BOX)], "ddddd": [("z", BOX)]})
    write(tmp_path, imgur5k_data_lst=data, imgur5k_annotations_val_json=one, **lists("aaaaa", "bbbbb", "ccccc"))
    pages = [(page.id, page.split, page.reason, len(page.words)) for page in imgur5k.read(tmp_path)]
    assert pages == [
        ("aaaaa", "train", None, 1),
        ("bbbbb", "val", None, 1),
        ("ccccc", "test", None, 1),
        ("ddddd", None, Reason.NOT_IN_SPLIT, 1),
        ("eeeee", None, Reason.NOT_IN_SPLIT, 1),
    ]


@pytest.mark.parametrize("name", ["../../x", "a/b", "CON", "x" * 300, "abc", "abc\x00de", "null.jpg"])
def test_an_id_that_is_no_file_name_of_imgur_never_becomes_a_path(tmp_path: Path, name: str) -> None:
    write(tmp_path, imgur5k_annotations_train_json=annotation_file({name: [("x", BOX)]}))
    (page,) = imgur5k.read(tmp_path)
    assert (page.reason, page.image, len(page.words)) == (Reason.INVALID_ID, None, 1)


def test_an_annotation_that_is_listed_twice_counts_once(tmp_path: Path) -> None:
    document = annotation_file({"aaaaa": [("x", BOX)]})
    document["index_to_ann_map"]["aaaaa"] *= 2
    write(tmp_path, imgur5k_annotations_train_json=document)
    (page,) = imgur5k.read(tmp_path)
    assert [word.reason for word in page.words] == [None, Reason.DUPLICATE_ID]


def test_without_annotations_the_message_says_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(SourceMissingError, match=r"htrdata fetch imgur5k.*--root.*htrdata sample imgur5k"):
        list(imgur5k.read(tmp_path))


def test_annotations_without_the_folder_of_pages_are_not_built(tmp_path: Path) -> None:
    write(tmp_path, imgur5k_annotations_train_json=annotation_file({"aaaaa": [("x", BOX)]}))
    with pytest.raises(SourceMissingError, match=r"annotations but no pages: no folder .*images; .*download_imgur5k"):
        list(imgur5k.Imgur5K(tmp_path).pages())
    assert len(list(imgur5k.read(tmp_path))) == 1  # the annotations alone can be read


def test_a_missing_list_of_a_split_is_named(tmp_path: Path) -> None:
    write(tmp_path, imgur5k_annotations_json=annotation_file({}))
    with pytest.raises(SourceMissingError, match=r"train_index_ids.lst is missing"):
        list(imgur5k.read(tmp_path))


_WHOLE = json.dumps(annotation_file({"aaaaa": [("x", BOX)]}))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (_WHOLE[:-20], r"line 1, column \d+: .*cut off"),
        ("", r"line 1, column 1: .*cut off"),
        ("[]", "no table 'index_id'"),
        ('{"index_id": {}, "index_to_ann_map": {}, "ann_id": 1}', "no table 'ann_id'"),
        ("[" * 100_000, "nested too deeply"),
        ('{"index_id": {"a": NaN}}', "holds NaN"),
        ("9" * 5000, "holds a number that is too long"),
        ('{"index_id": {}, "index_id": {}}', "key 'index_id' twice"),
        (_WHOLE.replace('"x"', "7"), "'aaaaa_0' is 7, not a text"),
        (_WHOLE.replace('"x"', f"[{'7, ' * 99_999}7]"), r"'aaaaa_0' is \[7, 7, 7, 7, 7, 7, \.\.\.\], not a text"),
        (_WHOLE.replace('"x"', "[" * 900 + "]" * 900), r"'aaaaa_0' is \[\[\[\[\[\.\.\.\]\]\]\]\], not a text"),
        (_WHOLE.replace("[10.5,", f"[1{'0' * 5000},").replace('"[', "[").replace(']"', "]"), "number that is too long"),
        (_WHOLE.replace(MD5, "short"), "page 'aaaaa': 'short' is not an MD5"),
        (_WHOLE.replace('["aaaaa_0"]', '["aaaaa_1"]'), "no word and bounding_box for 'aaaaa_1'"),
        (_WHOLE.replace('["aaaaa_0"]', "[]"), "no page of index_id has the annotation 'aaaaa_0'"),
        (_WHOLE.replace('["aaaaa_0"]', '"aaaaa_0"'), "no list of annotation ids for page 'aaaaa'"),
    ],
)
def test_damaged_annotations_are_named_by_file_and_place(tmp_path: Path, content: str, message: str) -> None:
    write(tmp_path, imgur5k_annotations_train_json=content)
    with pytest.raises(BadDataError, match=rf"(?s)({message})") as raised:
        list(imgur5k.read(tmp_path))
    if "not a text" not in message:
        assert "imgur5k_annotations_train.json" in str(raised.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("imgur5k_hashes_lst", f"aaaaa {MD5}\naaaaa\n", "line 2: 'aaaaa' is not a page id and its MD5"),
        ("imgur5k_hashes_lst", "aaaaa 12", "line 1: '12' is not an MD5"),
        ("imgur5k_hashes_lst", f"aaaaa {MD5}\n\naaaaa {'0' * 32}", f"line 3: page 'aaaaa' had the MD5 {MD5} before"),
        ("imgur5k_data_lst", f"https://i.imgur.com/aaaaa.jpg\t{BOX}", "line 1: 2 fields between tabs"),
    ],
)
def test_damaged_lists_are_named_by_line(tmp_path: Path, name: str, content: str, message: str) -> None:
    write(tmp_path, **{name: content}, **lists("aaaaa"))
    with pytest.raises(BadDataError, match=message):
        list(imgur5k.read(tmp_path))


def test_a_list_that_is_not_text_is_refused(tmp_path: Path) -> None:
    write(tmp_path, imgur5k_annotations_train_json=annotation_file({}))
    (tmp_path / "dataset_info" / "train_index_ids.lst").write_bytes(b"abc\xff")
    with pytest.raises(BadDataError, match="not UTF-8: byte 3"):
        list(imgur5k.read(tmp_path))


# The published annotations


@pytest.fixture(scope="module")
def published(shared: Path) -> list[Page]:
    return list(imgur5k.read(shared / "imgur5k"))


def test_published_pages_and_words(published: list[Page]) -> None:
    pages = Counter(page.split for page in published if page.words)
    words = Counter(page.split for page in published for _ in page.words)
    assert pages == {"val": 816, "test": 827}
    assert words == {"val": 22_506, "test": 23_842}
    listed = {split: [page.id for page in published if page.split == split] for split in ("train", "val", "test")}
    assert {split: len(ids) for split, ids in listed.items()} == {"train": 6493, "val": 820, "test": 829}


def test_published_words_that_attentionhtr_could_use(published: list[Page]) -> None:
    policy = LabelPolicy(PRINTABLE, max_length=25)
    found: dict[str, Counter[str]] = {"val": Counter(), "test": Counter()}
    backslashes = 0
    for page in published:
        for word in page.words:
            label = policy.apply(word.text)
            reason = word.reason or label.reason
            found[str(page.split)][reason or "kept"] += 1
            backslashes += reason is None and "\\" in word.text
    assert found["val"] == {
        "kept": 19_950,
        "missing_annotation": 2_333,
        "empty_label": 26,
        "too_long": 30,
        "out_of_charset": 167,
    }
    assert found["test"] == {
        "kept": 21_676,
        "missing_annotation": 1_843,
        "empty_label": 8,
        "too_long": 42,
        "out_of_charset": 273,
    }
    assert backslashes > 0


def test_published_leaks(published: list[Page]) -> None:
    leaks = find_leaks(published)
    assert len(leaks.ids) == 11
    assert len(leaks.copies) == 31
    clean = [page for page in drop_leaked(published) if page.reason is None]
    assert not find_leaks(clean)
    # Nothing is taken from test, and nothing from where it is not doubled.
    assert sum(page.split == "test" for page in clean) == 829
    assert {page.reason for page in drop_leaked(published)} == {None, Reason.DUPLICATE_PAGE}
