"""UNIPEN's format: statements, components and delineations, labels, writers, and files of strangers."""

from __future__ import annotations

import itertools
import re
import shutil
import tarfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from htrdata.drawing.handwriting import random_style, write_words
from htrdata.drawing.samples.unipen import ARCHIVE, SampleSummary, draw_sample
from htrdata.errors import BadDataError, SourceMissingError
from htrdata.records import SPLITS, Reason
from htrdata.sources.unipen import Ink, Release, Segment, read_release, read_segments
from htrdata.sources.unipen.components import Components, assemble
from htrdata.sources.unipen.delineation import Span, parse_delineation
from htrdata.sources.unipen.doubts import misaligned, without_taps
from htrdata.sources.unipen.labels import as_written, says_nothing, unquote
from htrdata.sources.unipen.line_breaks import is_one_line
from htrdata.sources.unipen.sizes import x_heights
from htrdata.sources.unipen.statements import Pen, Text, parse
from htrdata.sources.unipen.writers import file_pseudonym, person, pseudonym, split_of


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SampleSummary:
    return draw_sample(tmp_path_factory.mktemp("unipen") / "release", writers=9, words=12)


def segments(root: Path) -> list[Segment]:
    return list(read_segments(read_release(root, 7), "WORD"))


def release(**files: str) -> Release:
    """A release of files of contributor con: ``data`` is the file of segments, others are included ones."""
    parsed = {f"include/con/{name}.dat": parse(text.encode("latin-1"), name) for name, text in files.items()}
    data = parsed.pop("include/con/data.dat")
    return Release({"data/7/con/f.dat": data}, parsed)


def components(**files: str) -> Components:
    return assemble("data/7/con/f.dat", release(**files)).components


def word(**files: str) -> Segment:
    (only,) = read_segments(release(**files), "WORD")
    return only


# Delineations


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("7", [Span(7, 7)]),
        ("12-19", [Span(12, 19)]),
        ("3:10-7:2", [Span(3, 7, 10, 2)]),
        ("3:10-7", [Span(3, 7, 10)]),
        ("3-7:2", [Span(3, 7, 0, 2)]),
        ("3:4", [Span(3, 3, 4, 4)]),
        ("1-2,5", [Span(1, 2), Span(5, 5)]),
        ("0-1:2,1:3-4,9", [Span(0, 1, 0, 2), Span(1, 4, 3), Span(9, 9)]),
    ],
)
def test_a_delineation_names_components_and_points(text: str, spans: list[Span]) -> None:
    assert parse_delineation(text, "f, line 1") == tuple(spans)


@given(st.lists(st.tuples(*[st.integers(0, 999_999_999)] * 4), min_size=1, max_size=5))
def test_what_is_written_as_a_delineation_is_read_as_it(numbers: list[tuple[int, int, int, int]]) -> None:
    spans = [Span(min(a, b), max(a, b) + (a == b), c, d) for a, b, c, d in numbers]
    spans = [span for span in spans if span.last < 10**9]
    text = ",".join(f"{span.first}:{span.begin}-{span.last}:{span.end}" for span in spans)
    if spans:
        assert parse_delineation(text, "f, line 1") == tuple(spans)


@given(st.one_of(st.text(), st.text("0123456789:-,", max_size=12)))
def test_any_text_is_a_delineation_or_is_refused_with_its_place(text: str) -> None:
    said = ""
    spans: tuple[Span, ...] = ()
    try:
        spans = parse_delineation(text, "some.dat, line 17")
    except BadDataError as error:
        said = str(error)
    assert bool(spans) != bool(said)
    assert not said or ("some.dat, line 17" in said and repr(text[:60]) in said)
    assert all(0 <= span.first <= span.last < 10**9 and span.begin >= 0 for span in spans)


@pytest.mark.parametrize("text", ["", "-1", "5-3", "3:5-3:2", "1-2-3", "9999999999", "1,,2", "１-２", "1 -2", "0x1"])
def test_what_is_no_delineation_is_refused(text: str) -> None:
    with pytest.raises(BadDataError, match="line 1"):
        parse_delineation(text, "f, line 1")


# Statements and components


def test_keywords_stand_in_the_first_column() -> None:
    found = parse(b".PAD a tablet:\n\t.PEN_DOWN\n 5 5\n.COORD X Y\n.PEN_DOWN\n1 2\n 3  4\n\n.PEN_UP\n.DT 8\n", "f")
    coord, pen = found
    assert coord == Text("COORD", "X Y", 4)
    assert isinstance(pen, Pen)
    assert pen.values.tolist() == [1, 2, 3, 4]
    assert (pen.counts.tolist(), pen.down.tolist(), pen.lines.tolist()) == ([4], [True], [5])


@given(st.lists(st.lists(st.integers(-(10**6), 10**6), min_size=0, max_size=6), max_size=6), st.booleans())
def test_components_have_the_numbers_that_were_written(numbers: list[list[int]], fraction: bool) -> None:
    end = ".5" if fraction else ""
    text = "".join(".PEN_DOWN\n" + "".join(f"{number}{end}\n" for number in part) for part in numbers)
    pens = [found for found in parse(text.encode(), "f") if isinstance(found, Pen)]
    written = [float(f"{number}{end}") for part in numbers for number in part]
    assert [value for pen in pens for value in pen.values.tolist()] == written
    assert [count for pen in pens for count in pen.counts.tolist()] == [len(part) for part in numbers if part]


@pytest.mark.parametrize("value", ["x7", "1e400", "nan", "inf", "99999999999999999999", "-2000000000", "1_0", "--5"])
def test_a_number_that_is_none_is_named_with_file_and_line(value: str) -> None:
    with pytest.raises(BadDataError, match="ink.dat, line 4: '" + value):
        parse(f".COORD X Y\n.PEN_DOWN\n1 2\n3 {value}\n".encode(), "ink.dat")


def test_a_component_without_points_is_none_and_a_pen_up_with_points_is_one() -> None:
    ink = ".PEN_UP\n.PEN_DOWN\n1 1\n.PEN_UP\n.DT 4\n.PEN_UP\n2 2\n3 3\n.PEN_DOWN\n4 4\n"
    found = components(data=ink)
    assert found.down.tolist() == [True, False, True]
    assert found.begins.tolist() == [0, 1, 3, 4]
    assert found.x.tolist() == found.y.tolist() == [1, 2, 3, 4]


def test_columns_and_units_are_those_that_are_in_force() -> None:
    doc = ".COORD T P Y X\n.X_POINTS_PER_MM 10\n.Y_POINTS_PER_INCH 508"
    found = components(data=".INCLUDE con/doc.dat\n.PEN_DOWN\n7 70 2 1\n", doc=doc)
    assert (found.x.tolist(), found.y.tolist(), found.pressure.tolist()) == ([1], [1], [70])
    assert np.isnan(components(data=".PEN_DOWN\n1 2\n").pressure).all()


def test_points_that_do_not_fill_their_columns_are_refused() -> None:
    with pytest.raises(BadDataError, match=r"f.dat, line 5: a component of 4 numbers.*X Y T"):
        components(data=".COORD X Y T\n.PEN_DOWN\n1 2 3\n\n.PEN_DOWN\n1 2 3 4\n")


def test_a_writer_is_the_one_in_whose_part_a_segment_begins() -> None:
    data = '.WRITER_ID a\n.PEN_DOWN\n1 1\n.WRITER_ID b\n.PEN_DOWN\n2 2\n.SEGMENT WORD 0 ? "x"\n.SEGMENT WORD 1 ? "y"\n'
    assert [found.writer for found in read_segments(release(data=data), "WORD")] == ["a", "b"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"data": ".INCLUDE con/a.dat", "a": ".INCLUDE con/a.dat"}, "has no end"),
        ({"data": ".INCLUDE con/a.dat", "a": ".INCLUDE con/b.dat", "b": "\n.INCLUDE con/a.dat"}, "line 2.*has no end"),
        ({"data": ".INCLUDE con/a.dat\n" * 1001, "a": ""}, "line 1001.*has no end"),
        ({"data": ".INCLUDE /etc/passwd"}, "line 1: '/etc/passwd' leads out"),
        ({"data": ".INCLUDE ../../../../etc/passwd"}, "leads out"),
        ({"data": ".INCLUDE con/../../data/7/con/f.dat"}, "leads out"),
        ({"data": ".INCLUDE con\\a.dat"}, "leads out"),
        ({"data": ".INCLUDE"}, "leads out"),
        ({"data": ".COORD X T"}, "lacks X or Y"),
        ({"data": ".X_POINTS_PER_INCH 0"}, "'0' is no number of points"),
        ({"data": ".X_POINTS_PER_INCH 1e30"}, "no number of points"),
        ({"data": ".SEGMENT WORD"}, "'WORD' is no segment"),
        ({"data": ".SEGMENT WORD 1-x OK"}, "'1-x' names no components"),
        ({"data": ".PEN_DOWN\n1 1\n.SEGMENT WORD 0 FAIR"}, "'FAIR' is no quality"),
    ],
)
def test_files_of_strangers_are_refused_with_their_place(files: dict[str, str], said: str) -> None:
    with pytest.raises(BadDataError, match=said):
        list(read_segments(release(**files), "WORD"))


@pytest.mark.parametrize("name", ["data/7/x.dat", "data/7/../x.dat", "data/7/a b/x.dat", "data/7//x.dat"])
def test_segments_in_places_of_strangers_are_refused(name: str) -> None:
    with pytest.raises(BadDataError, match="is no place of segments"):
        list(read_segments(Release({name: parse(f"{INK}.SEGMENT WORD 0".encode(), name)}), "WORD"))


def test_an_included_file_may_be_named_from_where_it_is_included() -> None:
    found = release(data=".INCLUDE con/a.dat")
    found.included["include/con/a.dat"] = parse(b".INCLUDE ../con/b.dat", "a")
    found.included["include/con/b.dat"] = parse(b".PEN_DOWN\n1 1\n", "b")
    assert len(assemble("data/7/con/f.dat", found).components) == 1


# Segments

INK = ".PEN_DOWN\n1 1\n2 2\n3 3\n.PEN_UP\n8 8\n.PEN_DOWN\n4 4\n5 5\n.PEN_DOWN\n0 0\n"


@pytest.mark.parametrize(
    ("delineation", "points", "starts"),
    [
        ("0-2", [1, 2, 3, 4, 5], [0, 3]),
        ("0:1-2:0", [2, 3, 4], [0, 2]),
        ("0:1", [2], [0]),
        ("2,0:2-0", [4, 5, 3], [0, 2]),
        ("2-3", [4, 5], [0]),
    ],
)
def test_the_ink_of_a_segment_is_where_the_pen_was_down(delineation: str, points: list[int], starts: list[int]) -> None:
    found = word(data=f'{INK}.SEGMENT WORD {delineation} OK "x"')
    assert found.ink is not None
    assert found.reason is None
    assert found.ink.x.tolist() == points
    assert np.flatnonzero(found.ink.starts).tolist() == starts


@pytest.mark.parametrize(
    ("segment", "reason"),
    [
        ('1 OK "pen up"', Reason.NO_INK),
        ('3 OK "withheld"', Reason.NO_INK),
        ('0:7-0:9 OK "no such point"', Reason.NO_INK),
        ('0-4 OK "too far"', Reason.OUT_OF_RANGE),
        ('0 BAD "x"', Reason.BAD_QUALITY),
        ('3 BAD "x"', Reason.NO_INK),
        ('0 ? "Word!"', Reason.MISALIGNED),
        ('0 ? "x"', None),
        ("0 ?", None),
        ("0", None),
    ],
)
def test_every_segment_comes_with_its_ink_or_a_reason(segment: str, reason: Reason | None) -> None:
    assert word(data=f"{INK}.SEGMENT WORD {segment}").reason == reason


def test_segments_of_other_kinds_are_other_units() -> None:
    data = f'{INK}.SEGMENT TEXT 0-2 ? "a b"\n.SEGMENT WORD 0 ? "a"\n.SEGMENT WORD 2 ? "b"\n'
    assert [found.id for found in read_segments(release(data=data), "WORD")] == [
        "7-con-ef4afaa0-0000",
        "7-con-ef4afaa0-0001",
    ]
    assert [found.text for found in read_segments(release(data=data), "TEXT")] == ["a b"]


@pytest.mark.parametrize(
    ("quoted", "text"),
    [
        ('"word"', "word"),
        (r'"\"but"', '"but'),
        (r'"a\\b"', r"a\b"),
        ('"\\"', "\\"),
        ('"""', '"'),
        (r'"r\@e\@ed\@"', "reed"),
        ('"now\t\t"', "now"),
        ('"3\'5\\" = 41\\""', '3\'5" = 41"'),
        ('"', ""),
        ('"é"', "é"),
    ],
)
def test_labels_without_their_escapes(quoted: str, text: str) -> None:
    assert unquote(quoted) == text


@given(st.text(st.characters(codec="latin-1", exclude_categories=["C", "Z"]), min_size=1))
def test_a_label_that_was_escaped_is_read_as_it_was(text: str) -> None:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    if text != "\\\\":  # which nobody can tell from a single one that is not escaped
        assert unquote(f'"{escaped}"') == text


def test_what_some_contributors_mean() -> None:
    assert as_written("P&&G", "lex", "x") == "P&G"
    assert as_written("&&", "att", "x") == "&&"
    assert as_written("oxygen", "pap", "bmcaps") == "OXYGEN"
    assert as_written("oxygen", "pap", "brian") == "oxygen"
    assert says_nothing("Word!")
    assert not says_nothing("Word")


def test_the_sample_is_read_as_it_was_written(sample: SampleSummary) -> None:
    found = segments(sample.root)
    assert {segment.id: segment.text for segment in found} == sample.words
    reasons = Counter(segment.reason for segment in found if segment.reason)
    assert reasons == {
        Reason.IMAGE_MISSING: 12,
        Reason.OUT_OF_RANGE: 3,
        Reason.NO_INK: 3,
        Reason.BAD_QUALITY: 3,
    }
    for segment in found:
        assert (segment.ink is None) == (segment.reason in {*reasons} - {Reason.BAD_QUALITY})
    by_file: dict[str, list[Ink]] = {}
    for segment in found:
        if segment.ink is not None and segment.text not in ("spans", '"', "bad"):
            by_file.setdefault(segment.file, []).append(segment.ink)
    assert len(by_file) == 8
    for inks in by_file.values():  # words stand beside each other, none reaches into the next
        assert [a.x.max() < b.x.min() for a, b in itertools.pairwise(inks)].count(False) == 1  # where a line begins


def test_texts_are_lines_as_far_as_they_stand_in_one(sample: SampleSummary) -> None:
    found = list(read_segments(read_release(sample.root, 8), "TEXT"))
    assert {segment.id: segment.text for segment in found} == sample.lines
    several = [segment.text for segment in found if segment.ink is not None and not is_one_line(segment.ink)]
    both = [segment.text for segment in found if segment.ink is not None and len(segment.text.split()) == 5]
    assert several == both
    assert len(both) == 8


# Releases


def test_folders_and_archives_of_any_order_are_the_same_release(sample: SampleSummary, tmp_path: Path) -> None:
    expected = [(found.id, found.text, found.writer, found.reason) for found in segments(sample.root)]
    files = sorted(path for path in sample.root.rglob("*") if path.is_file())
    with tarfile.open(tmp_path / "a.tar.bz2", "w:bz2") as tar:
        for path in files:
            tar.add(path, f"./{path.relative_to(sample.root)}")
    for name in ("b.tar", ARCHIVE):
        with tarfile.open(tmp_path / name, "w:gz" if name == ARCHIVE else "w:") as tar:
            for path in files[::-1]:  # what is included comes first
                tar.add(path, f"train_r01_v07/{path.relative_to(sample.root)}")
    shutil.copytree(sample.root, tmp_path / "unpacked/train_r01_v07")
    for root in (tmp_path / "a.tar.bz2", tmp_path / "b.tar", tmp_path, tmp_path / "unpacked"):
        assert [(found.id, found.text, found.writer, found.reason) for found in segments(root)] == expected


def test_members_that_lead_out_of_a_folder_are_no_files_of_the_release(sample: SampleSummary, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        for path in sorted(sample.root.rglob("*")):
            if path.is_file():
                tar.add(path, f"../{path.relative_to(sample.root)}")
    with pytest.raises(SourceMissingError, match="has no files below data/7/"):
        segments(tmp_path / "x.tar")


def test_what_is_no_release_is_said_so(sample: SampleSummary, tmp_path: Path) -> None:
    with pytest.raises(SourceMissingError, match="zenodo"):
        segments(tmp_path)
    with pytest.raises(SourceMissingError, match="no files below data/6/"):
        read_release(sample.root, 6)
    (tmp_path / "page.tgz").write_bytes(b"<html>not found</html>")
    with pytest.raises(BadDataError, match="no archive"):
        segments(tmp_path / "page.tgz")
    with tarfile.open(tmp_path / "whole.tgz", "w:gz") as tar:
        tar.add(sample.root, "train_r01_v07")
    (tmp_path / "cut.tgz").write_bytes((tmp_path / "whole.tgz").read_bytes()[:20_000])
    with pytest.raises(BadDataError, match="damaged"):
        segments(tmp_path / "cut.tgz")


@settings(max_examples=150)
@given(st.data())
def test_damaged_files_are_read_or_refused(sample: SampleSummary, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(path for path in sample.root.rglob("*.dat"))))
    content = bytearray(name.read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=6))
    found = read_release(sample.root, 7)
    key = str(name.relative_to(sample.root).as_posix())
    said = ""
    try:
        (found.data if key in found.data else found.included)[key] = parse(bytes(content), key)
        read = [segment.id for segment in read_segments(found, "WORD")]
        assert len(read) == len(set(read)) > 0
    except BadDataError as error:
        said = str(error)
    assert not said or ", line " in said


# Writers


def test_the_held_out_writers_do_not_change() -> None:
    held_out = {"nib12": "val", "nib19": "val", "nib21": "test", "nib00": "train"}
    assert {name: split_of(name) for name in held_out} == held_out
    shares = Counter(split_of(f"somebody {number}") for number in range(20_000))
    assert [round(shares[split] / 20_000, 2) for split in SPLITS] == [0.9, 0.05, 0.05]


def test_a_person_is_one_whatever_the_session_or_the_laboratorys_set() -> None:
    assert person("cea", "xy0000") == person("cec", "XY0000")
    assert person("apd", "Ann_Other_1") == person("apd", "Ann_Other_2") == person("apd", "Ann_Other")
    assert person("imp", "other_13") == person("imp", "other")
    assert person("sie", "gsaa1007") == person("sie", "gs")
    assert person("kar", "mms_0020") != person("kar", "mms_0072")
    assert person("att", "") == "att"


def test_no_id_names_a_writer() -> None:
    assert re.fullmatch("apd/[0-9a-f]{8}", pseudonym("apd", "Ann_Other_1"))
    assert pseudonym("apd", "Ann_Other_1") != pseudonym("apd", "Ann_Other_2") != pseudonym("ape", "Ann_Other_2")
    assert pseudonym("att", "") == "att"
    assert re.fullmatch("7-cec-[0-9a-f]{8}", file_pseudonym("data/7/cec/Other.dat"))
    assert file_pseudonym("data/7/cec/Other.dat") != file_pseudonym("data/7/cec/Another.dat")


# Sizes and doubts


def inks(texts: list[str], size: float = 50) -> list[Ink]:
    """Drawn words as a tablet gives them."""
    rng = np.random.default_rng(3)
    strokes = write_words(texts, random_style(rng, "print"), rng)
    return [
        Ink(s.x * np.float32(size), -s.y * np.float32(size), np.full(len(s.x), np.nan, np.float32), s.starts)
        for s in strokes
    ]


WORDS = ["moon", "sailing", "type", "Berlin", "across", "jolly", "1984", "verse", "unum", "paper", "lamp", "oar"]


def test_words_say_how_high_an_x_is_and_where_their_line_lies() -> None:
    sizes, lines = np.array(x_heights(list(zip(WORDS, inks(WORDS), strict=True)))).T  # an x is 50 high, its line at 0
    assert 42 < np.median(sizes) < 60
    assert 33 < sizes.min() < sizes.max() < 75
    assert abs(lines).max() < 15


def test_a_writer_of_marks_alone_has_the_size_of_the_marks() -> None:
    ((size, _),) = x_heights(list(zip(["-"], inks(["-"]), strict=True)))
    assert size > 0
    five = np.array([5], np.float32)
    dot = Ink(five, five, five, np.array([True]))
    assert x_heights([(".", dot)]) == [(1.0, 5.0)]


def test_a_tap_far_off_is_left_out_and_the_dot_of_an_i_is_not() -> None:
    (ink,) = inks(["sit."])
    assert without_taps(ink) is ink
    tapped = Ink(
        np.append(ink.x, np.float32(2000)),
        np.append(ink.y, np.float32(900)),
        np.append(ink.pressure, np.float32(0)),
        np.append(ink.starts, True),
    )
    found = without_taps(tapped)
    assert found.x.tolist() == ink.x.tolist()
    assert found.starts.tolist() == ink.starts.tolist()


def test_labels_of_other_ink_are_doubtful_and_those_between_them() -> None:
    drawn = inks([*WORDS, ".", "a", "incomprehensibilities"])
    texts = [*WORDS, "something", "b", "an"]
    found = misaligned([(text, ink, 50.0) for text, ink in zip(texts, drawn, strict=True)])
    assert found == [False] * len(WORDS) + [True, True, True]
    few = list(zip(texts[-3:], drawn[-3:], [50.0] * 3, strict=True))
    assert misaligned(few) == [False] * 3
