"""Targets that are text: JSON, XML, words.txt, UNIPEN, predictions, descriptions."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import math
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from htrdata.building.options import BuildOptions
from htrdata.building.part import Part, count_part
from htrdata.drawing.samples.unipen import draw_sample as draw_unipen
from htrdata.errors import BadDataError
from htrdata.files import strict_json
from htrdata.images.codec import encode
from htrdata.records import Page, Unit
from htrdata.sources.base import Source
from htrdata.sources.dhsd import Dhsd
from htrdata.sources.folder import Folder
from htrdata.sources.iam.lists import ids, read_words, read_writers
from htrdata.sources.iam.xml import read_form
from htrdata.sources.imgur5k import Imgur5K
from htrdata.sources.unipen.release import Release
from htrdata.sources.unipen.segments import read_segments
from htrdata.sources.unipen.statements import parse
from htrdata.sources.xml import XmlExport
from htrdata.sources.xml.alto import read_alto
from htrdata.sources.xml.page_format import read_page
from htrdata.sources.xml.tree import read_tree
from htrdata.sources.xml.written import Written
from htrdata.store.description_file import read_description
from htrmodel.judging.predictions import read_predictions

from .. import drawn_exports, labelled_folders
from .made_inputs import description_seeds, drawn_files, grey_noise
from .target import Target


def count_pages(source: Source, pages: Sequence[Page]) -> None:
    """Looks at all words; of every eighth input, by its own bytes, also counts as a dry run does."""
    for page in pages:
        for word in page.words:
            if (box := word.box) is not None:
                assert all(map(math.isfinite, (box.xc, box.yc, box.w, box.h, box.angle))), box
    part = Part(0, "train", tuple(pages))
    count_part(part, BuildOptions(), source.name, source.unit, source.extra_columns)


def _eighth(data: bytes) -> bool:
    return zlib.crc32(data) % 8 == 0


# JSON


def read_json(data: bytes, _folder: Path) -> None:
    """What is accepted is what Python's reader gives, and survives being written."""
    value = strict_json.parse(data, "input.json")
    assert value == json.loads(data.decode("utf-8-sig"))
    assert strict_json.parse(json.dumps(value), "again") == value


def json_seeds() -> list[bytes]:
    values: list[object] = [{"a": [1, 2.5, -0.0, 1e300, None, True, "ü\ud83d\ude42"]}, [], {}, "x", 7, [[[{}]]]]
    return [json.dumps(value).encode() for value in values] + [b"\xef\xbb\xbf{}", b'{"a":NaN}', b'{"a":1,"a":2}']


# Imgur5K: the first byte chooses the file that the rest stands in.

_IMGUR5K_FILES = ("imgur5k_annotations.json", "imgur5k_data.lst", "imgur5k_hashes.lst", "train_index_ids.lst")
_BOX = "[12.0, 8.0, 20.0, 10.0, 3.5]"
_ANNOTATIONS = {
    "index_id": {"abcDe": {"image_url": "u", "image_path": "images/abcDe.jpg", "image_hash": "0" * 32}},
    "index_to_ann_map": {"abcDe": ["abcDe_0", "abcDe_1"]},
    "ann_id": {
        "abcDe_0": {"word": "one", "bounding_box": _BOX},
        "abcDe_1": {"word": ".", "bounding_box": [1, 2, 3, 4, 5]},
    },
}


def read_imgur5k(data: bytes, folder: Path) -> None:
    chosen = _IMGUR5K_FILES[data[0] % len(_IMGUR5K_FILES)] if data else _IMGUR5K_FILES[0]
    root = folder / chosen
    if not root.exists():
        _lay_out_imgur5k(root, without="imgur5k_annotations.json" if chosen == "imgur5k_data.lst" else None)
    (root / "dataset_info" / chosen).write_bytes(data[1:])
    source = Imgur5K(root)
    pages = list(source.pages())
    if _eighth(data):
        count_pages(source, pages)


def _lay_out_imgur5k(root: Path, without: str | None) -> None:
    for below in ("dataset_info", "images"):
        (root / below).mkdir(parents=True)
    (root / "images/abcDe.jpg").write_bytes(encode(grey_noise(24, 40), "jpeg"))
    files = {
        "imgur5k_annotations.json": json.dumps(_ANNOTATIONS).encode(),
        "train_index_ids.lst": b"abcDe\n",
        "val_index_ids.lst": b"",
        "test_index_ids.lst": b"",
    }
    for name, content in files.items():
        if name != without:
            (root / "dataset_info" / name).write_bytes(content)


def imgur5k_seeds() -> list[bytes]:
    line = f"https://i.imgur.com/abcDe.jpg\t{_BOX}\tone\n".encode()
    rest = [json.dumps(_ANNOTATIONS).encode(), line * 2, b"abcDe " + b"0" * 32 + b"\n", b"abcDe\nfghiJ\n"]
    return [bytes([number]) + data for number, data in enumerate(rest)]


# IAM


def read_iam_xml(data: bytes, _folder: Path) -> None:
    units: tuple[Unit, ...] = ("word", "line")
    for unit in units:
        _, words = read_form(data, "a01-000u.xml", unit)
        for word in words:
            assert word.box is None or all(map(math.isfinite, (word.box.xc, word.box.yc, word.box.w, word.box.h)))


def iam_xml_seeds() -> list[bytes]:
    form = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE form>\n'
        '<form id="a01-000u" writer-id="000"><handwritten-part>'
        '<line id="a01-000u-00" text="&amp;quot;A" segmentation="ok" threshold="154">'
        '<word id="a01-000u-00-00" tag="AT" text="&amp;quot;A&amp;#233;">'
        '<cmp x="408" y="768" width="27" height="51"/></word></line>'
        '<line id="a01-000u-01" text="b" segmentation="err" threshold="9">'
        '<word id="a01-000u-01-00" tag="NN" text="b"/></line></handwritten-part></form>'
    )
    return [form.encode(), form.replace("UTF-8", "ISO-8859-1").encode("latin-1"), form[38:].encode("utf-16")]


def read_words_txt(data: bytes, _folder: Path) -> None:
    assert all(ids(data))
    unit: Unit = "line" if data.startswith(b"#l") else "word"
    writers = read_writers(data, "forms.txt") if data.startswith(b"f") else {}
    for word in read_words(data, f"{unit}s.txt", writers, unit):
        assert word.box is None or all(map(math.isfinite, (word.box.xc, word.box.yc, word.box.w, word.box.h)))


def words_txt_seeds() -> list[bytes]:
    lines = b"#--- words.txt\r\na01-000u-00-00 ok 154 408 768 27 51 AT A\r\na01-000u-00-01 err 154 -1 -1 -1 -1 NN a b\n"
    rows = b"#lines.txt\na01-000u-00 ok 154 19 408 746 1661 89 A|MOVE|to\na01-000u-01 err 156 19 395 932 1850 105 x\n"
    return [
        rows,
        lines,
        lines.replace(b" A\r", " é\r".encode("latin-1")),
        b"f a b c d e f g h\n",
        b"\xef\xbb\xbf" + lines,
    ]


# ALTO and PAGE


def read_xml(data: bytes, folder: Path) -> None:
    """The readers of both formats; of every eighth input, by its own bytes, also the source."""
    root = read_tree(data, "one.xml")
    for read in (read_alto, read_page):
        with contextlib.suppress(BadDataError):
            for line in read(root, "one.xml").lines:
                _check_points(line)
    if not _eighth(data):
        return
    (folder / "one.xml").write_bytes(data)
    if not (folder / "one.png").exists():
        (folder / "one.png").write_bytes(encode(grey_noise(60, 80), "png"))
    for unit in ("line", "word"):
        source = XmlExport(folder, unit=unit, split="train")
        count_pages(source, list(source.pages()))


def _check_points(line: Written) -> None:
    for part in (line, *line.words):
        assert all(map(math.isfinite, itertools.chain.from_iterable((*part.outline, *part.baseline))))


def xml_seeds() -> list[bytes]:
    words = (("one", (5, 5, 25, 20)), ("twö & ", (30, 6, 60, 22)))
    lines = [drawn_exports.Drawn("l1", words), drawn_exports.Drawn("l2", words[:1])]
    page = drawn_exports.page("one.png", (80, 60), lines)
    points = '<TextLine id="p"><Coords><Point x="1" y="2"/><Point x="9" y="2"/><Point x="9" y="8"/></Coords></TextLine>'
    return [
        drawn_exports.alto("one.png", (80, 60), lines).encode(),
        page.encode(),
        drawn_exports.page("one.png", (80, 60), lines[:1], extra=points, words=False).encode(),
        page.replace("UTF-8", "UTF-16").encode("utf-16"),
        b"<mets/>",
    ]


# DHSD


def read_dhsd(data: bytes, folder: Path) -> None:
    (folder / "train.csv").write_bytes(data)
    (folder / "test.csv").write_bytes(b"file_name,text,writer_id\r\n")
    source = Dhsd(folder)
    pages = list(source.pages())
    if _eighth(data):
        count_pages(source, pages)


def dhsd_seeds() -> list[bytes]:
    rows = 'file_name,text,writer_id\r\ngerman_hw_data/writer1/1_0.png,"Ö, ""a""",1\r\n'
    return [rows.encode(), rows.replace("\r", "").encode(), ("\ufeff" + rows).encode()]


# Folders of one's own: the first byte chooses the form.

_TABLES = ("gt.txt", "words.csv", "words.tsv", "words.jsonl", "labels.json", "words.parquet", "words.arrow", "a.gt.txt")


def read_folder(data: bytes, folder: Path) -> None:
    chosen = _TABLES[data[0] % len(_TABLES) if data else 0]
    root = folder / chosen.replace(".", "_")
    if not root.exists():
        root.mkdir()
        for name in ("a.png", "b.png"):
            (root / name).write_bytes(encode(grey_noise(24, 40), "png"))
    (root / chosen).write_bytes(data[1:])
    source = Folder(root, drop_wrong=_eighth(data), split="train")
    pages = list(source.pages())
    assert source.settings
    assert all(isinstance(note, str) for note in source.notes)
    if _eighth(data):
        count_pages(source, pages)


def folder_seeds() -> list[bytes]:
    rows = [("a.png", "Odds", "w1", "train"), ("b.png", '"a, b', "w2", "test")]
    names = ("file_name", "text", "writer", "split")
    gt = "".join(f"{name}\t{text}\n" for name, text, *_ in rows).encode()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        labelled_folders.write_csv(place / "c", names, rows)
        labelled_folders.write_csv(place / "t", names, rows, separator="\t", encoding="utf-16")
        labelled_folders.write_jsonl(place / "l", [dict(zip(names, row, strict=True)) for row in rows])
        table = pa.table({"image": [{"bytes": encode(grey_noise(9, 9), "png"), "path": "x"}], "text": ["a"], "n": [1]})
        labelled_folders.write_parquet(place / "p", table)
        labelled_folders.write_arrow(place / "a", table)
        packed = [(place / name).read_bytes() for name in "ctl"]
        held = [(place / name).read_bytes() for name in "pa"]
    docs = json.dumps({name: text for name, text, *_ in rows}).encode()
    return [bytes([number]) + data for number, data in enumerate([gt, *packed, docs, *held, b"text\n"])]


# UNIPEN: what stands before the first NUL is a file of segments, what follows is what it includes.


def read_unipen(data: bytes, _folder: Path) -> None:
    first, _, second = data.partition(b"\0")
    release = Release(
        {"data/7/abc/f.dat": parse(first, "data/7/abc/f.dat")},
        {"include/abc/x.dat": parse(second, "include/abc/x.dat")},
    )
    for segment in read_segments(release, "WORD"):
        assert segment.ink is None or len(segment.ink.x) == len(segment.ink.y) == len(segment.ink.starts) > 0


def unipen_seeds() -> list[bytes]:
    pen = b".COORD X Y T P\n.X_POINTS_PER_INCH 200\n.PEN_DOWN\n1 2 0 9\n3 4 5 9\n.PEN_UP\n5.5 -6 10 0\n"
    pen += b".PEN_DOWN\n7 8 1 1\n"
    segments = b'.INCLUDE abc/x.dat\n.WRITER_ID w\n.SEGMENT WORD 0-1 OK "a\\"b"\n.SEGMENT WORD 0:1-2:0 ? "c"\n'
    files = drawn_files("unipen", lambda root: draw_unipen(root, writers=3, words=3), "*.dat", 2500)
    return [segments + b"\0" + pen, pen + b'.SEGMENT WORD 0,2 GOOD "x"\n\0', *files]


# Predictions: the first byte chooses the format.

_PREDICTIONS = (".csv", ".tsv", ".jsonl", ".parquet")


def read_prediction_file(data: bytes, folder: Path) -> None:
    path = folder / f"read{_PREDICTIONS[data[0] % 4] if data else '.csv'}"
    path.write_bytes(data[1:])
    found = read_predictions(path)
    assert all(map(math.isfinite, found.confidences.values()))
    for text in found.texts.values():
        text.encode()


def prediction_seeds() -> list[bytes]:
    parquet = io.BytesIO()
    table = pa.table({"id": ["a", "b"], "text": ["x", ""], "confidence": [0.5, None], "left_out": [None, "too_long"]})
    pq.write_table(table, parquet, compression="none")
    tables = [b'"id","text","confidence","left_out"\n"007","a ""b""","0.5",""\n', b"id\ttext\nx\ty\r\n"]
    lines = b'{"id": "a", "text": "b", "confidence": 1}\n\n{"id": "c", "text": "", "left_out": "too_long"}\n'
    return [bytes([number]) + data for number, data in enumerate([*tables, lines, parquet.getvalue()])]


# Descriptions


def read_dataset_json(data: bytes, folder: Path) -> None:
    path = folder / "dataset.json"
    path.write_bytes(data)
    about = read_description(path)
    assert about.computed_digest
    assert all(folder.split("/")[0] == shard.split for folder, shard in about.shards.items())


TEXT_TARGETS = (
    Target("json", read_json, json_seeds),
    Target("imgur5k", read_imgur5k, imgur5k_seeds),
    Target("iam_xml", read_iam_xml, iam_xml_seeds),
    Target("words_txt", read_words_txt, words_txt_seeds),
    Target("xml", read_xml, xml_seeds),
    Target("dhsd", read_dhsd, dhsd_seeds),
    Target("folder", read_folder, folder_seeds),
    Target("unipen", read_unipen, unipen_seeds),
    Target("predictions", read_prediction_file, prediction_seeds),
    Target(
        "dataset_json",
        read_dataset_json,
        description_seeds,
        largest=16_384,
    ),
)
