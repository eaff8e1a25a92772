"""IAM: the same words whichever annotations, pixels and packing they come from, and every fault in one sentence."""

from __future__ import annotations

import hashlib
import io
import shutil
import tarfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

import htrdata
from htrdata.building.builder import build, count_words
from htrdata.building.describing import describe_counts
from htrdata.building.options import BuildOptions
from htrdata.building.page_cutting import rows_of_page
from htrdata.building.plan import make_plan
from htrdata.building.report import summary
from htrdata.cli.commands import commands
from htrdata.drawing.samples.iam import UNLISTED
from htrdata.drawing.samples.iam_form import BROKEN
from htrdata.errors import BadDataError, HtrError, SourceMissingError, StorageError, UsageError
from htrdata.files.on_disk import FileBelow
from htrdata.images.codec import decode, encode
from htrdata.images.png_passthrough import prove_png
from htrdata.records import SPLITS, ImageFile, Page, Reason, Word
from htrdata.sources.iam import files as iam_files
from htrdata.sources.iam.lists import read_words, read_writers
from htrdata.sources.iam.source import Iam, read
from htrdata.sources.iam.splits import AACHEN, LWITR
from htrdata.sources.iam.xml import read_form
from htrdata.store.description import Counts
from htrdata.store.shards import Shard


def tree(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def without_places(pages: Iterator[Page]) -> list[Page]:
    """Pages without what annotations and packings may differ in: boxes and where the images are."""
    return [
        replace(page, image=None, words=tuple(replace(word, box=None, image=None) for word in page.words))
        for page in pages
    ]


def words_of(pages: Iterator[Page]) -> dict[str, Word]:
    return {word.id: word for page in pages for word in page.words}


def kept(page: Page, **options: Any) -> dict[str, bytes]:
    return {row.word.id: row.image for row in rows_of_page(page, BuildOptions(**options)) if row.image is not None}


# The same words


def test_xml_and_lines_have_the_same_words_writers_and_splits(drawn: Path) -> None:
    from_xml, from_lines = read(drawn, annotations="xml"), read(drawn, annotations="ascii")
    assert without_places(from_xml) == without_places(from_lines)
    words = words_of(read(drawn))
    assert len(words) > 800
    assert {word.writer for word in words.values()} == {f"{number:03d}" for number in range(6)}
    assert {'"', "&", "R&D", "café"} < {word.text for word in words.values()}
    assert any(" " in word.text for word in words.values())
    other = words_of(read(drawn, annotations="ascii"))
    apart = Counter(
        max(abs(getattr(word.box, side) - getattr(other[word_id].box, side)) for side in ("xc", "yc", "w", "h"))
        for word_id, word in words.items()
        if word.box is not None
    )
    assert set(apart) == {0, 2}


@pytest.mark.parametrize("annotations", ["xml", "ascii"])
@pytest.mark.parametrize("pixels", ["words", "forms"])
def test_folders_and_archives_have_the_same_words(drawn: Path, packed: Path, annotations: Any, pixels: Any) -> None:
    loose = list(read(drawn, annotations=annotations, pixels=pixels))
    zipped = list(read(packed, annotations=annotations, pixels=pixels))
    assert without_places(iter(loose)) == without_places(iter(zipped))
    for one, two in zip(loose, zipped, strict=True):
        assert [word.box for word in one.words] == [word.box for word in two.words]
        for image, other in [
            (one.image, two.image),
            *((v.image, w.image) for v, w in zip(one.words, two.words, strict=True)),
        ]:
            assert (image is None) == (other is None)
            if image is not None and other is not None:
                assert (image.size(), image.read()) == (other.size(), other.read())


def test_forms_give_the_ink_of_the_word_images(drawn: Path) -> None:
    compared = 0
    pages = zip(read(drawn, pixels="words"), read(drawn, pixels="forms"), strict=True)
    for with_images, with_page in pages:
        own, cut = kept(with_images, height=0), kept(with_page, height=0, format="png")
        assert cut.keys() - own.keys() <= set(BROKEN)
        for word_id, encoded in own.items():
            image, crop = decode(encoded, "grey"), decode(cut[word_id], "grey")
            inside = image < 255  # of the boxes of the components; all else is white
            assert image.shape == crop.shape
            assert (image[inside] == crop[inside]).all()
            assert not (crop[~inside] < 170).any()
            compared += int(inside.any())
    assert compared > 600


def test_stores_from_folders_and_archives_are_the_same(drawn: Path, packed: Path, tmp_path: Path) -> None:
    build(Iam(drawn), tmp_path / "folders", BuildOptions(part_words=300), workers=1)
    build(Iam(packed), tmp_path / "archives", BuildOptions(part_words=100), workers=2)
    assert tree(tmp_path / "folders") == tree(tmp_path / "archives")
    manifest = htrdata.open(tmp_path / "folders").dataset("iam_aachen").manifest()
    assert list(manifest.columns[-4:]) == ["line", "segmentation", "threshold", "tag"]
    assert (manifest["line"] == manifest["id"].str.slice(0, -3)).all()


# What is kept, and why the others are not


def count(source: Iam) -> Counts:
    plan = make_plan(source, BuildOptions())
    return describe_counts(plan, count_words(plan, workers=1))


def expected(drawn: Path, pixels: str, segmentation: str) -> dict[str, Counter[str]]:
    """Counts by split and reason, straight from words.txt."""
    counts: dict[str, Counter[str]] = {}
    ids = AACHEN.ids()
    for line in (drawn / "ascii" / "words.txt").read_text("latin-1").splitlines():
        if line and not line.startswith("#"):
            word_id, flag, *_ = line.split()
            split = ids.get(word_id[:-6], "none")
            reason = "kept"
            if split == "none":
                reason = "not_in_split"
            elif word_id in BROKEN and pixels == "words":
                reason = "image_corrupt"
            elif flag == "err" and segmentation == "ok":
                reason = "segmentation_err"
            elif " -1 -1 -1 -1 " in line:
                reason = "empty_box"
            counts.setdefault(split, Counter())[reason] += 1
    return counts


@pytest.mark.parametrize("segmentation", ["ok", "all"])
@pytest.mark.parametrize("pixels", ["words", "forms"])
def test_every_word_is_kept_or_has_its_reason(drawn: Path, pixels: Any, segmentation: Any) -> None:
    about = count(Iam(drawn, pixels=pixels, segmentation=segmentation))
    wanted = expected(drawn, pixels, segmentation)
    assert list(about.splits) == [*SPLITS, "none"]
    for split, counts in about.splits.items():
        assert Counter({**counts.dropped, "kept": counts.kept}) == +wanted[split] + Counter()
    assert not about.leaks
    assert about.settings == {
        "scheme": "aachen",
        "segmentation": segmentation,
        "annotations": "xml",
        "pixels": pixels,
    }
    if pixels == "words":
        assert about.splits["train"].dropped["image_corrupt"] == 2


def test_a_build_says_where_it_is_not_the_whole_of_iam(drawn: Path, tmp_path: Path) -> None:
    about = count(Iam(drawn))
    assert about.differences["train"]["words"] == (about.splits["train"].words, 55_081)
    assert about.differences["test"]["segmentation_err"][1] == 25_920 - 20_310
    assert "image_corrupt" not in about.differences["train"]  # both broken words are there
    assert "val: words " in summary(about)
    with pytest.raises(
        BadDataError, match=r"the build is strict: .*differs from the published .* empty_box 5/16 val: "
    ):
        build(Iam(drawn), tmp_path / "lmdb", workers=1, strict=True)
    assert not (tmp_path / "lmdb" / "iam_aachen").exists()


def test_line_lists_deal_out_lines(drawn: Path) -> None:
    lines = LWITR.ids()
    forms = {page.id for page in read(drawn)}
    found: Counter[str | None] = Counter()
    for page in read(drawn, scheme="lwitr"):
        for word in page.words:
            assert word.extra["line"].startswith(page.id)
            assert lines.get(word.extra["line"]) == page.split
        assert page.reason is (None if page.split else Reason.NOT_IN_SPLIT)
        found[page.split] += len(page.words)
    assert set(found) == {*SPLITS, None}
    assert found.total() == len(words_of(read(drawn)))
    assert {line[:-3] for line in lines} >= forms - {UNLISTED}
    about = count(Iam(drawn, "lwitr"))
    assert not about.leaks
    assert about.differences["val"]["words"][1] == 16_465
    assert about.name == "iam_lwitr"


def test_listed_forms_come_in_the_order_of_the_lists(drawn: Path) -> None:
    pages = list(read(drawn))
    listed = [(page.id, page.split) for page in pages if page.split]
    assert listed == list(AACHEN.ids().items())
    assert [page.id for page in pages if page.split is None] == [UNLISTED]


def test_a_new_split_takes_every_form_and_no_scheme(drawn: Path, tmp_path: Path) -> None:
    command = ["iam", "--root", str(drawn), "--dry-run", "--json", "--workers", "1", "--resplit"]
    done = CliRunner().invoke(commands, [*command, "random", "--ratio", "2/1/1", "--seed", "2"])
    assert done.exit_code == 0, done.output
    assert '"name": "iam_random2"' in done.stdout
    assert '"not_in_split"' not in done.stdout
    assert '"differences": {}' in done.stdout
    assert '"writers": {}' in done.stdout
    done = CliRunner().invoke(commands, [*command, "kfold", "--fold", "1/3", "--split", "aachen"])
    assert isinstance(done.exception, UsageError)


@pytest.mark.parametrize("color", ["grey", "rgb"])
def test_word_images_go_into_the_shards_byte_for_byte(drawn: Path, tmp_path: Path, color: Any) -> None:
    build(Iam(drawn), tmp_path, BuildOptions(color=color), workers=1)
    manifest = htrdata.open(tmp_path).dataset("iam_aachen").manifest()
    words = words_of(read(drawn))
    same = 0
    for row in manifest[(manifest["split"] == "val") & (manifest["status"] == "kept")].to_dict("records"):
        image = words[row["id"]].image
        assert image is not None
        stored = Shard(tmp_path / row["shard"]).image(row["key"])
        assert (decode(stored, "grey") == decode(image.read(), "grey")).all()
        same += stored == stripped(image)
    assert same == (len(htrdata.open(tmp_path)["val", "iam_aachen"]) if color == "grey" else 0)


def test_word_images_are_encoded_anew_where_something_changes(drawn: Path) -> None:
    page = next(page for page in read(drawn) if page.split == "val" and page.words)
    published = {word.id: stripped(word.image) for word in page.words if word.image is not None}
    assert kept(page).items() <= published.items()
    assert kept(page, format="png", height=0).items() <= published.items()
    reduced = kept(page, height=8)
    assert all(decode(image, "grey").shape[0] <= 8 for image in reduced.values())
    assert sum(image == published[word_id] for word_id, image in reduced.items()) < 0.3 * len(reduced)
    assert not kept(page, format="jpeg").items() & published.items()
    changed = kept(page, normalise=("contrast",))
    assert sum(image == published[word_id] for word_id, image in changed.items()) < 0.1 * len(changed)


def stripped(image: ImageFile) -> bytes:
    """A word's PNG without the XML of its form, which stands between header and pixels; all else is as it was."""
    data = image.read()
    pixels = data.index(b"IDAT") - 4
    assert data[37:45] == b"zTXtxml\0"
    return data[:33] + data[pixels:]


def png(mode: str, **options: Any) -> bytes:
    image = Image.new(mode, (5, 7), 3 if mode in "LP1" or mode.startswith("I") else None)
    file = io.BytesIO()
    image.save(file, "PNG", **options)
    return file.getvalue()


def exif(orientation: int) -> Image.Exif:
    found = Image.Exif()
    found[0x112] = orientation
    return found


@pytest.mark.parametrize(
    ("data", "grey", "rgb"),
    [
        (encode(np.zeros((3, 4), np.uint8), "png"), True, False),
        (encode(np.zeros((3, 4, 3), np.uint8), "png"), False, True),
        (png("L"), True, False),
        (png("RGB"), False, True),
        (png("L", transparency=3), False, False),
        (png("RGB", exif=exif(6)), False, False),
        (png("P"), False, False),
        (png("1"), False, False),
        (png("I;16"), False, False),
        (png("LA"), False, False),
        (png("RGBA"), False, False),
        (encode(np.zeros((3, 4), np.uint8), "jpeg"), False, False),
        (b"", False, False),
    ],
)
def test_plain_pngs_are_told_from_others(data: bytes, grey: bool, rgb: bool) -> None:
    assert (prove_png(data, "grey") is not None, prove_png(data, "rgb") is not None) == (grey, rgb)


# Where the files may lie


def test_files_are_found_wherever_they_were_unpacked(drawn: Path, copy: Path, tmp_path: Path) -> None:
    wanted = without_places(read(drawn))
    for a01 in list((copy / "words").iterdir()):
        a01.rename(copy / a01.name)  # words.tgz unpacked into the root itself
    (copy / "words").rmdir()
    deep = copy / "iam" / "data" / "annotations"
    deep.mkdir(parents=True)
    (copy / "xml").rename(deep / "xml")
    for form in (copy / "forms").glob("*.png"):
        (copy / f"._{form.name}").write_bytes(b"Mac OS X")
        form.rename(copy / form.name)
    (copy / "linked").symlink_to(copy)  # in a circle
    assert without_places(read(copy)) == wanted
    assert all(page.image is None or page.image.size() for page in read(copy, pixels="forms"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for folder in ("xml", "words"):
        (elsewhere / folder).symlink_to(drawn / folder)
    assert without_places(read(elsewhere)) == wanted


@pytest.mark.parametrize("wrap", ["", "./", "iam/", "a/b/c/"])
def test_archives_may_hold_any_folders(packed: Path, archives: Path, wrap: str) -> None:
    (archives / "words.tgz").unlink()
    with tarfile.open(packed / "words.tgz") as old, tarfile.open(archives / "words.tar", "w") as new:
        for info in old:
            content = old.extractfile(info)
            info.name = wrap + info.name
            new.addfile(info, content)
    assert without_places(read(archives)) == without_places(read(packed))
    assert all(word.image is None or word.image.size() is not None for word in words_of(read(archives)).values())


def test_loose_files_come_before_archives_and_archives_fill_the_gaps(drawn: Path, archives: Path) -> None:
    shutil.copytree(drawn / "words" / "a01", archives / "words" / "a01")
    broken = next(iter(sorted((archives / "words" / "a01" / "a01-000u").iterdir())))
    broken.write_bytes(b"mine")
    words = words_of(read(archives))
    assert isinstance(words["a01-117-00-00"].image, FileBelow)
    image = words[broken.stem].image
    assert image is not None
    assert image.read() == b"mine"
    other = words["r06-022-00-00"].image
    assert other is not None
    assert other.name == f"{archives / 'words.tgz'}:r06/r06-022/r06-022-00-00.png"
    shutil.copytree(drawn / "words", archives / "words", dirs_exist_ok=True)
    (archives / "words.tgz").write_bytes(b"never opened, as others annotate and all is there")
    assert all(image.size() is not None for word in words_of(read(archives)).values() if (image := word.image))
    shutil.copytree(drawn / "forms", archives / "forms")
    (archives / "formsA-D.tgz").write_bytes(b"never opened")
    assert all(page.image is None or page.image.size() for page in read(archives, pixels="forms"))


def test_what_is_there_is_taken(copy: Path) -> None:
    def settings() -> tuple[str, str]:
        found = Iam(copy).settings
        return found["annotations"], found["pixels"]

    assert settings() == ("xml", "words")
    shutil.rmtree(copy / "words")
    assert settings() == ("xml", "forms")
    shutil.rmtree(copy / "xml")
    assert settings() == ("ascii", "forms")
    assert Iam(copy, "lwitr").published["test"]["words"] == 17_616


def test_without_forms_txt_writers_are_unknown(copy: Path) -> None:
    shutil.rmtree(copy / "xml")
    (copy / "ascii" / "forms.txt").unlink()
    assert {word.writer for word in words_of(read(copy, annotations="ascii")).values()} == {None}
    assert None not in {word.writer for word in words_of(read(copy)).values()}  # whom the PNGs name


ANY = "xml.tgz, ascii.tgz, or the PNGs of the site, which carry them"
OWN = "words.tgz with the PNGs of the site, which carry them"


@pytest.mark.parametrize(
    ("there", "given", "missing"),
    [
        ([], {}, f"annotations ({ANY}) and pixels (words.tgz or forms*.tgz)"),
        (["formsA-D.tgz"], {}, f"annotations ({ANY})"),
        (["xml.tgz"], {"annotations": "png"}, f"annotations ({OWN}) and pixels (words.tgz or forms*.tgz)"),
        (["words.tgz"], {"unit": "line"}, "pixels (lines.tgz or forms*.tgz)"),
        (["xml.tgz", "words.tgz"], {"unit": "line", "pixels": "lines"}, "pixels (lines.tgz)"),
        (["ascii.tgz"], {}, "pixels (words.tgz or forms*.tgz)"),
        (["ascii.tgz", "words.tgz"], {"annotations": "xml"}, "annotations (xml.tgz)"),
        (["ascii.tgz", "words.tgz"], {"pixels": "forms"}, "pixels (forms*.tgz)"),
    ],
)
def test_a_folder_that_is_not_complete_says_what_to_do(
    packed: Path, tmp_path: Path, there: list[str], given: dict[str, Any], missing: str
) -> None:
    root = tmp_path / "iam"
    for name in there:
        root.mkdir(exist_ok=True)
        shutil.copy(packed / name, root)
    with pytest.raises(SourceMissingError) as caught:
        list(read(root, **given))
    first, *steps = str(caught.value).split("\n")
    assert first == f"IAM is not complete in {root}; missing: {missing}"
    assert len(steps) == 4
    for part in ("https://fki.tic.heia-fr.ch/", ".tgz (or formsA-D.tgz", "--root", "htrdata sample iam --out DIR"):
        assert part in str(caught.value)


def test_a_missing_word_or_form_is_a_missing_image(copy: Path) -> None:
    (copy / "words" / "a01" / "a01-117" / "a01-117-00-00.png").unlink()
    (copy / "forms" / "a01-117.png").unlink()
    for pixels in ("words", "forms"):
        page = next(page for page in read(copy, pixels=pixels) if page.id == "a01-117")
        reasons = {row.word.id: row.reason for row in rows_of_page(page, BuildOptions())}
        assert reasons["a01-117-00-00"] is Reason.IMAGE_MISSING
        assert (reasons["a01-117-00-01"] is Reason.IMAGE_MISSING) == (pixels == "forms")


# What strangers' annotations may hold

LINE = "a01-000u-00-00 ok 154 408 768 27 51 AT A"


def words_txt(*lines: str, encoding: str = "utf-8", end: str = "\n") -> dict[str, list[Word]]:
    found: dict[str, list[Word]] = {}
    data = end.join(["# a comment", "", *lines, ""]).encode(encoding)
    for word in read_words(data, "words.txt", {"a01-000u": "007"}):
        found.setdefault(word.id[:-6], []).append(word)
    return found


def test_a_line_is_a_word() -> None:
    (word,) = words_txt(LINE)["a01-000u"]
    extra = {"line": "a01-000u-00", "segmentation": "ok", "threshold": "154", "tag": "AT"}
    assert (word.id, word.text, word.writer, word.reason, word.extra) == ("a01-000u-00-00", "A", "007", None, extra)
    assert word.box is not None
    assert (word.box.xc, word.box.yc, word.box.w, word.box.h, word.box.angle) == (421.5, 793.5, 27, 51, 0)
    assert word.ink_threshold == 154


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-8-sig"])
def test_words_txt_may_be_encoded_and_end_its_lines_in_any_way(encoding: str, end: str) -> None:
    lines = [LINE[:-1] + text for text in ("é", "B B  C", "#", "&quot;", '"', "a\x85b")]
    found = words_txt(*lines, encoding=encoding, end=end)["a01-000u"]
    assert [word.text for word in found] == ["é", "B B  C", "#", "&quot;", '"', "a\x85b"]


def test_a_box_of_minus_one_is_none() -> None:
    assert words_txt(LINE.replace("408 768 27 51", "-1 -1 -1 -1"))["a01-000u"][0].box is None


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "a01-000u-00-01 ok 154 507 7",
            r"words.txt, line 4: 'a01-000u-00-01 ok 154 507 7' is not a word of IAM; .*cut",
        ),
        (LINE[:-2], "words.txt, line 4: .* is not a word of IAM; is the file cut off?"),
        ("a01", "words.txt, line 4"),
        (LINE.replace("ok", "maybe"), "words.txt, line 4: the segmentation is 'maybe', neither ok nor err"),
        (LINE.replace("768", "x"), "words.txt, line 4: threshold and box '154 408 x 27 51' are not five integers"),
        (LINE.replace("768", "9" * 20), "words.txt, line 4: threshold and box '154 408 99999.* are not five integers"),
        (
            LINE.replace("27", "9" * 400),
            "words.txt, line 4: threshold and box '154 408 768 99.* are not five integers",
        ),
        (LINE.replace("154", "-" + "9" * 5000), "words.txt, line 4: threshold and box '-9.*' are not five integers"),
        ("<html><head><title>Log in</title></head><body>", "words.txt, line 4: '<html>"),
    ],
)
def test_a_line_that_is_no_word_is_named(line: str, message: str) -> None:
    with pytest.raises(BadDataError, match=message):
        words_txt(LINE, line)


def test_forms_txt_has_the_writers() -> None:
    assert read_writers(b"# head\r\na01-000u 000 2 prt 7 5 52 36\r\n", "forms.txt") == {"a01-000u": "000"}
    with pytest.raises(BadDataError, match=r"forms.txt, line 1: 'a01-000u' is not a form and its writer"):
        read_writers(b"a01-000u", "forms.txt")


XML = """<?xml version="1.0" encoding="UTF-8"?>{doctype}
<form id="a01-000u" writer-id="000">
<machine-printed-part><machine-print-line text="x"/></machine-printed-part>
<handwritten-part><line id="a01-000u-00" segmentation="ok" threshold="154" text="x"><contour><point x="1"/></contour>
<word id="a01-000u-00-00" tag="AT" text="{text}"><cmp x="408" y="768" width="27" height="51"/></word>
<word id="a01-000u-00-01" tag="NN" text="b"/></line></handwritten-part></form>"""


def form_xml(text: str = "A", doctype: str = "", encoding: str = "utf-8") -> tuple[str, list[Word]]:
    data = XML.format(text=text, doctype=doctype).replace("UTF-8", encoding).encode(encoding)
    return read_form(data, "a01-000u.xml")


def test_a_form_in_xml_is_its_words() -> None:
    form, (word, boxless) = form_xml()
    assert form == "a01-000u"
    assert replace(word, writer="007") == words_txt(LINE)["a01-000u"][0]
    assert (boxless.id, boxless.box, boxless.writer) == ("a01-000u-00-01", None, "000")


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("&amp;quot;", '"'),
        ("&quot;", '"'),
        ("R&amp;amp;D", "R&D"),
        ("R&amp;D", "R&D"),
        ("&amp;amp;quot;", "&quot;"),
        ("it&amp;apos;s", "it's"),
        ("&amp;#233;&#233;&amp;#xe9;", "ééé"),
        ("&amp;copy", "&copy"),
        ("B B C", "B B C"),
    ],
)
def test_entities_are_unescaped_twice_and_no_more(written: str, text: str) -> None:
    assert form_xml(written)[1][0].text == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "cp1252"])
def test_xml_may_say_how_it_is_encoded(encoding: str) -> None:
    assert form_xml("é", encoding=encoding)[1][0].text == "é"


def test_a_doctype_alone_is_harmless() -> None:
    assert form_xml(doctype='<!DOCTYPE form SYSTEM "http://127.0.0.1:9/form.dtd">')[1][0].text == "A"
    assert form_xml(doctype="<!DOCTYPE form [<!ELEMENT form ANY>]>")[1][0].text == "A"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"doctype": '<!DOCTYPE form [<!ENTITY a "b">]>', "text": "&a;"}, r"xml, line 1: it declares entities"),
        ({"doctype": '<!DOCTYPE f [<!ENTITY x SYSTEM "file:///etc/passwd">]>', "text": "&x;"}, "it declares entities"),
        ({"doctype": f'<!DOCTYPE f [<!ATTLIST cmp a CDATA "{"x" * 99_000}">]>'}, "line 1: it declares attributes"),
        ({"doctype": '<!DOCTYPE f [<!ENTITY % p SYSTEM "http://127.0.0.1:9/">%p;]>'}, "it declares entities"),
        (
            {"doctype": '<!DOCTYPE f SYSTEM "f.dtd">', "text": "&eacute;t"},
            r"line 5: the entity '&eacute' is not defined",
        ),
        ({"text": "&eacute;t"}, r"line 5: not well-formed XML \(undefined entity\)"),
        ({"text": '"'}, "line 5: not well-formed XML"),
    ],
)
def test_entities_that_are_declared_or_unknown_are_refused(given: dict[str, str], message: str) -> None:
    with pytest.raises(BadDataError, match=message):
        form_xml(**given)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("</form>", "", "line 6: not well-formed XML .* is it cut off"),
        ('tag="AT" ', "", "line 5: an element lacks 'tag'"),
        ('threshold="154" ', "", "line 4: an element lacks 'threshold'"),
        ('segmentation="ok"', 'segmentation="maybe"', "line 4: the segmentation is 'maybe', neither ok nor err"),
        ('x="408"', 'x="4e8"', "line 5: 'x' is '4e8', not an integer"),
        ('height="51"', "", "line 5: an element lacks 'height'"),
        ("UTF-8", "nonsense", "line 1: unknown encoding: nonsense"),
        ("UTF-8", "GB18030", "line 1: multi-byte encodings are not supported"),
        ("UTF-8", "rot13", "line 1: .*rot13"),
        ('x="408"', f'x="{"9" * 20}"', "line 5: a component lies more than 1,000,000 pixels away"),
        ('width="27"', f'width="{"9" * 320}"', "line 5: a component lies more than 1,000,000 pixels away"),
        ('y="768"', f'y="{"9" * 5000}"', "line 5: 'y' is '9{40}', not an integer"),
        ('threshold="154"', f'threshold="-{"9" * 20}"', "line 4: 'threshold' is -9{20}, more than anything"),
        ("form", "page", "has no <form>: it is not an annotation of IAM"),
    ],
)
def test_what_a_form_lacks_is_named(old: str, new: str, message: str) -> None:
    data = XML.format(text="A", doctype="").replace(old, new)
    with pytest.raises(BadDataError, match=f"a01-000u.xml.*{message}"):
        read_form(data.encode(), "a01-000u.xml")


def test_odd_ids_become_no_paths(copy: Path) -> None:
    shutil.rmtree(copy / "xml")
    path = copy / "ascii" / "words.txt"
    odd = ["../../etc/passwd", "a01-000u-00-000", "A01-000u-00-00", "a01-000u-00", "a01-000u-٠٠-00", "x"]
    lines = "".join(f"{word_id} ok 154 408 768 27 51 NN x\r\n" for word_id in odd)
    path.write_bytes(path.read_bytes().decode("latin-1").encode() + lines.encode())
    about = count(Iam(copy))
    assert sum(split.dropped.get("invalid_id", 0) for split in about.splits.values()) == len(odd)
    words = [word for page in read(copy) for word in page.words if word.id in odd]
    assert len(words) == len(odd)
    assert all(word.image is None for word in words)
    assert about.words == len(words_of(read(copy)))


def test_a_word_of_another_form_and_a_word_twice_are_told(copy: Path) -> None:
    path = copy / "xml" / "a01-117.xml"
    text = path.read_text().replace('word id="a01-117-01-02"', 'word id="r06-022-00-00"')
    path.write_text(text.replace('word id="a01-117-03-01"', 'word id="a01-117-03-00"'))
    page = next(page for page in read(copy) if page.id == "a01-117")
    assert [word.reason for word in page.words if word.id == "r06-022-00-00"] == [Reason.INVALID_ID]
    assert [word.reason for word in page.words if word.id == "a01-117-03-00"] == [None, Reason.DUPLICATE_ID]


# Faults: one clear sentence, and nothing outside the store


def add_member(path: Path, name: str, content: bytes = b"x") -> None:
    with tarfile.open(path) as old:
        files = [(info, old.extractfile(info)) for info in old]
        with tarfile.open(path.with_suffix(".new"), "w:gz") as new:
            for info, file in files:
                new.addfile(info, file)
            info = tarfile.TarInfo(name)
            info.size = len(content)
            new.addfile(info, io.BytesIO(content))
    path.with_suffix(".new").replace(path)


def bomb() -> bytes:
    """Some megabytes of entities, each ten times as long as the one before."""
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n % 20 else "x" * 99_000}">' for n in range(1, 500))
    return XML.format(text="&e19;", doctype=f"<!DOCTYPE form [{entities}]>").encode()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2000])


def only_lines(root: Path, lines: str) -> None:
    for name in ("xml.tgz", "ascii.tgz"):
        (root / name).unlink()
    (root / "words.txt").write_text(lines)


def no_words(root: Path) -> None:
    for name in ("xml.tgz", "ascii.tgz", "words.tgz"):
        shutil.copy(root / "lines.tgz", root / name)
    for path in root.glob("forms*"):
        path.unlink()


def form_twice(root: Path) -> None:
    for name in ("p", "q"):
        (root / name).mkdir()
        (root / name / "z99-001.xml").touch()


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "truncated words": (lambda root: cut(root / "words.tgz"), r"words\.tgz is cut off or damaged"),
    "truncated xml": (lambda root: cut(root / "xml.tgz"), r"xml\.tgz is cut off or damaged"),
    "login page": (lambda root: (root / "words.tgz").write_text("<html>Login"), r"words\.tgz is a web page"),
    "empty": (lambda root: (root / "xml.tgz").write_bytes(b""), r"xml\.tgz is empty"),
    "../../x in words": (lambda root: add_member(root / "words.tgz", "../../x"), r"holds a member named '\.\./\.\./x'"),
    "../../x in xml": (lambda root: add_member(root / "xml.tgz", "../../a01-000u.xml"), "holds a member named"),
    "word twice": (
        lambda root: add_member(root / "words.tgz", "again/a01-117-00-00.png"),
        r"words\.tgz:again/a01-117-00-00\.png is there twice: also as .*words\.tgz:a01/",
    ),
    "entity bomb": (
        lambda root: (root / "c04-110.xml").write_bytes(bomb()),
        r"c04-110\.xml, line 1: it declares entities",
    ),
    "packed entity bomb": (
        lambda root: add_member(root / "xml.tgz", "a01-000x.xml", bomb()),
        r"xml\.tgz:a01-000x\.xml, line 1: it declares entities",
    ),
    "form twice": (form_twice, r"z99-001\.xml is there twice: also as"),
    "another form": (
        lambda root: (root / "a01-000x.xml").write_text(XML.format(text="A", doctype="")),
        r"a01-000x\.xml is the annotation of another form, 'a01-000u'",
    ),
    "no word in any archive": (no_words, r"IAM is not complete in .*; missing: annotations .* and pixels"),
    "cut last line": (
        lambda root: only_lines(root, f"{LINE}\n{LINE[:30]}"),
        r"words\.txt, line 2: .* is not a word of IAM; is the file cut off\?",
    ),
}


@pytest.mark.parametrize(("spoil", "message"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_one_sentence_and_nothing_is_written(
    archives: Path, tmp_path: Path, spoil: Callable[[Path], object], message: str
) -> None:
    spoil(archives)
    before = tree(tmp_path)
    out = tmp_path / "lmdb"
    done = CliRunner().invoke(commands, ["iam", "--root", str(archives), "--out", str(out), "--workers", "1"])
    assert isinstance(done.exception, HtrError)
    with pytest.raises(HtrError, match=message):
        raise done.exception
    assert "\n" not in str(done.exception) or isinstance(done.exception, SourceMissingError)
    assert tree(tmp_path) == before


def test_an_annotation_file_beyond_bounds_is_not_read(archives: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(iam_files, "MAX_ANNOTATIONS", 1000)
    kinds: list[tuple[Any, str]] = [("xml", r"xml\.tgz:.*\.xml"), ("ascii", r"ascii\.tgz:words\.txt")]
    for kind, name in kinds:
        with pytest.raises(BadDataError, match=rf"{name} has [\d,]+ bytes: no annotation file of IAM has over 1,000"):
            list(read(archives, annotations=kind))


def test_a_file_that_cannot_be_read_is_told(drawn: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(file: FileBelow) -> bytes:
        raise PermissionError(13, "Permission denied", str(file.path))

    monkeypatch.setattr(FileBelow, "read", refuse)
    with pytest.raises(StorageError, match=r"cannot read IAM in .*Permission denied \(.*\.xml"):
        list(read(drawn, annotations="xml"))
