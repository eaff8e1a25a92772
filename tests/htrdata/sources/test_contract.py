"""Every reader keeps the contract for sources, in each layout that it reads; and the contract finds what breaks it."""

from __future__ import annotations

import csv
import html
import inspect
import io
import json
import re
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image, ImageFont

from htrdata.building.source_contract import CHECKS, SourceCase
from htrdata.drawing.samples import iam as iam_sample
from htrdata.drawing.samples import imgur5k as imgur5k_sample
from htrdata.drawing.samples import unipen as unipen_sample
from htrdata.drawing.synth.source import Synth
from htrdata.drawing.unipen import Unipen
from htrdata.images.png_chunks import after_header, compressed_texts
from htrdata.images.png_passthrough import prove_png
from htrdata.records import Unit
from htrdata.sources import unipen
from htrdata.sources.base import Source
from htrdata.sources.dhsd import Dhsd
from htrdata.sources.folder import Folder
from htrdata.sources.iam import Iam
from htrdata.sources.imgur5k import Imgur5K
from htrdata.sources.resplit import Fold, Ratio, Resplit
from htrdata.sources.unipen.writers import file_pseudonym
from htrdata.sources.xml import XmlExport

from ... import drawn_exports, labelled_folders

Roots = Callable[[str], Path]

BOX = "[40, 40, 30, 20, 0]"


@pytest.fixture(scope="session")
def roots(tmp_path_factory: pytest.TempPathFactory) -> Roots:
    """Drawn data sets, each made when it is first asked for."""
    made: dict[str, Path] = {}

    def get(name: str) -> Path:
        if name not in made:
            made[name] = tmp_path_factory.mktemp("contract") / name
            DRAWN[name](made[name])
        return made[name]

    return get


def draw_iam(root: Path, keep: str) -> None:
    """Drawn forms of IAM of which only the named kinds of files are kept, and the images of words of two lines."""
    iam_sample.draw_sample(root, forms=5, scale=0.2)
    for image in (root / "words").rglob("*.png"):
        if image.stem.split("-")[2] not in ("00", "05"):
            image.unlink()
    for kind in {"xml", "ascii", "words", "forms"} - set(keep.split()):
        shutil.rmtree(root / kind)


def draw_iam_words(root: Path) -> None:
    """Drawn words of IAM alone, of two lines of each form, without any other annotation; a list of them elsewhere."""
    draw_iam(root, "ascii words")
    (root / "ascii").rename(root.parent / "ascii")


def draw_imgur5k(root: Path, *without: str) -> None:
    imgur5k_sample.draw_sample(root, pages=12, words_per_page=6, megapixels=(0.05, 0.1), plain=True)
    for name in without:
        (root / "dataset_info" / name).unlink()


def write_fonts(root: Path) -> None:
    """Three files of Pillow's own font."""
    root.mkdir()
    face = ImageFont.load_default(20)
    assert isinstance(face, ImageFont.FreeTypeFont)
    for number in range(3):
        (root / f"hand{number}.ttf").write_bytes(face.font_bytes + bytes([number]))


def draw_dhsd(root: Path) -> None:
    """Rows of two writers in both tables, one of whom is val; an image that is missing."""
    rows = {"train": [(1, 0, "Öhringen"), (5, 0, "Groß Öhr"), (1, 1, "Ö, ä")], "test": [(1, 2, "Öhr"), (5, 1, "Süd")]}
    for table, listed in rows.items():
        lines = [f'german_hw_data/writer{w}/{w}_{n}.png,"{text}",{w}' for w, n, text in listed]
        root.mkdir(exist_ok=True)
        (root / f"{table}.csv").write_text("\r\n".join(["file_name,text,writer_id", *lines, ""]), "utf-8", newline="")
        for writer, number, _ in listed[:2]:
            path = root / f"german_hw_data/writer{writer}/{writer}_{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGBA", (256, 64), (9, 9, 9, 80)).save(path)


def draw_exports(root: Path) -> None:
    """A page in ALTO and another one in PAGE, with its words."""
    drawn_exports.write_export(root, "one", scale=0.2)
    png, size, lines = drawn_exports.draw_lines("two", scale=0.2)
    (root / "two.png").write_bytes(png)
    (root / "two.xml").write_text(drawn_exports.page("two.png", size, lines), "utf-8")


def write_gt(root: Path) -> None:
    """Words in two folders, as clova's tools take them."""
    named = {**labelled_folders.words(12, "a/"), **labelled_folders.words(8, "b/")}
    labelled_folders.write_images(root, named)
    labelled_folders.write_gt(root, named)


def write_parquet(root: Path) -> None:
    """Images in a table, with a writer of each."""
    named = labelled_folders.words(24)
    table = labelled_folders.embedded(named, writer=[f"w{number % 6}" for number in range(24)])
    labelled_folders.write_parquet(root / "data/train-00000-of-00001.parquet", table)


def write_beside(root: Path) -> None:
    """A text beside each image, and splits by folders."""
    for split in ("train", "valid", "test"):
        named = labelled_folders.words(7, f"{split}/")
        labelled_folders.write_images(root, named)
        labelled_folders.write_beside(root, named)


DRAWN: dict[str, Callable[[Path], object]] = {
    "gt": write_gt,
    "parquet": write_parquet,
    "beside": write_beside,
    "dhsd": draw_dhsd,
    "exports": draw_exports,
    "imgur5k": draw_imgur5k,
    "imgur5k_lists": lambda root: draw_imgur5k(
        root, "imgur5k_annotations.json", "imgur5k_annotations_train.json", "imgur5k_annotations_test.json"
    ),
    "iam_xml_words": lambda root: draw_iam(root, "xml ascii words"),
    "iam_ascii_forms": lambda root: draw_iam(root, "ascii forms"),
    "iam_words": draw_iam_words,
    "iam_archives": lambda root: iam_sample.draw_sample(root, forms=5, scale=0.2, archives=True),
    "unipen": lambda root: unipen_sample.draw_sample(root, writers=24, words=6),
    "unipen_archive": lambda root: unipen_sample.draw_sample(root, writers=24, words=3, archive=True),
    "fonts": write_fonts,
}


def words_of_json(root: Path) -> dict[str, str | None]:
    document = json.loads((root / "dataset_info" / "imgur5k_annotations.json").read_text())
    return {word_id: entry["word"] for word_id, entry in document["ann_id"].items()}


def words_of_lists(root: Path) -> dict[str, str | None]:
    """Val from its own file; the others are numbered within their page in the list of all annotations."""
    info = root / "dataset_info"
    val = json.loads((info / "imgur5k_annotations_val.json").read_text())
    words = {word_id: entry["word"] for word_id, entry in val["ann_id"].items()}
    listed = {i for split in ("train", "test") for i in (info / f"{split}_index_ids.lst").read_text().split()}
    numbers: dict[str, int] = {}
    for line in (info / "imgur5k_data.lst").read_text().splitlines():
        url, _, text = line.split("\t")
        page = url.split("/")[-1][:-4]
        numbers[page] = numbers.get(page, -1) + 1
        if page in listed:
            words[f"{page}_{numbers[page]}"] = text
    return words


def plant_in_json(root: Path, odd: str) -> None:
    path = root / "dataset_info" / "imgur5k_annotations.json"
    document = json.loads(path.read_text())
    document["index_id"][odd] = {"image_url": "", "image_path": odd, "image_hash": "0" * 32}
    document["index_to_ann_map"][odd] = ["planted_0"]
    document["ann_id"]["planted_0"] = {"word": "odd", "bounding_box": BOX}
    path.write_text(json.dumps(document))


def plant_in_list(root: Path, odd: str) -> None:
    line = f"https://i.imgur.com/{odd}.jpg\t{BOX}\todd\n".encode("utf-8", "surrogatepass")
    for name, content in (("imgur5k_data.lst", line), ("train_index_ids.lst", f"{odd}\n".encode("utf-8", "replace"))):
        path = root / "dataset_info" / name
        path.write_bytes(path.read_bytes() + content)


def words_of_lines(root: Path) -> dict[str, str | None]:
    lines = (root / "ascii" / "words.txt").read_text("latin-1").splitlines()
    fields = (line.split(" ", 8) for line in lines if line and not line.startswith("#"))
    return {word_id: text for word_id, *_, text in fields}


def words_of_archives(root: Path) -> dict[str, str | None]:
    shutil.unpack_archive(root / "ascii.tgz", root.parent / "ascii" / "ascii", "gztar", filter="data")
    return words_of_lines(root.parent / "ascii")


def lines_of_archives(root: Path) -> dict[str, str | None]:
    """What the XML says of lines; it spaces marks as people do, and is escaped twice."""
    shutil.unpack_archive(root / "xml.tgz", root.parent / "xml", "gztar", filter="data")
    forms = (ElementTree.parse(path).iter("line") for path in (root.parent / "xml").iterdir())
    return {line.attrib["id"]: html.unescape(line.attrib["text"]) for form in forms for line in form}


def plant_in_lines(root: Path, odd: str) -> None:
    path = root / "ascii" / "words.txt"
    line = f"{odd} ok 154 408 768 27 51 NN odd\r\n".encode("utf-8", "surrogatepass")
    path.write_bytes(path.read_bytes().decode("latin-1").encode() + line)


def plant_in_xml(root: Path, odd: str) -> None:
    path = root / "xml" / "a01-117.xml"
    word = f'<word id="{odd}" tag="NN" text="odd"><cmp x="9" y="9" width="9" height="9"/></word></line>'
    path.write_bytes(path.read_bytes().replace(b"</line>", word.encode("utf-8", "surrogatepass"), 1))


def plant_in_png(root: Path, odd: str) -> None:
    """In the XML that the first image of a form carries, which is the one that is read."""
    path = min((root / "words" / "a01" / "a01-117").iterdir())
    png = path.read_bytes()
    (xml,) = compressed_texts(png, b"xml", 1 << 20)
    word = f'<word id="{odd}" tag="NN" text="odd"><cmp x="9" y="9" width="9" height="9"/></word></line>'
    planted = xml.replace(b"</line>", word.encode("utf-8", "surrogatepass"), 1)
    path.write_bytes(after_header(prove_png(png, "grey").data, b"zTXt", b"xml\0\0" + zlib.compress(planted)))  # type: ignore[union-attr]


def plant_in_loose_xml(root: Path, odd: str) -> None:
    """Beside the archives, as a file of its own, which comes before them: a form that they do not have."""
    (root / "z98-001.xml").write_bytes(
        f'<form id="z98-001" writer-id="9"><handwritten-part><line id="z98-001-00" segmentation="ok" threshold="9">'
        f'<word id="{odd}" tag="NN" text="odd"/></line></handwritten-part></form>'.encode("utf-8", "surrogatepass")
    )


def words_of_synth(_root: Path) -> dict[str, str | None]:
    """40 words, of which 5 % each are val and test. What they say is nowhere written."""
    places = [("train", 36), ("val", 2), ("test", 2)]
    return {f"{split}-000000-{n:02d}": None for split, count in places for n in range(count)}


def words_of_unipen(root: Path, category: int = 7) -> dict[str, str | None]:
    words: dict[str, str | None] = {}
    for path in (root / f"data/{category}").rglob("*.dat"):
        name = file_pseudonym(path.relative_to(root).as_posix())
        lines = [line for line in path.read_text("latin-1").splitlines() if line.startswith(".SEGMENT")]
        for number, line in enumerate(lines):
            words[f"{name}-{number:04d}"] = json.loads(line.split(" ", 4)[4])  # which escapes as the sample does
    return words


def words_of_packed_unipen(root: Path) -> dict[str, str | None]:
    shutil.unpack_archive(root / "train_r01_v07.tgz", root.parent / "unpacked", "gztar", filter="data")
    return words_of_unipen(root.parent / "unpacked" / "train_r01_v07")


def words_of_tables(root: Path) -> dict[str, str | None]:
    texts = [(root / f"{table}.csv").read_text("utf-8") for table in ("train", "test")]
    rows = [row for text in texts for row in csv.DictReader(io.StringIO(text))]
    return {row["file_name"].removeprefix("german_hw_data/")[:-4]: row["text"] for row in rows}


def plant_in_table(root: Path, odd: str) -> None:
    text = io.StringIO()
    csv.writer(text).writerow([odd, "odd", "1"])
    path = root / "train.csv"
    path.write_bytes(path.read_bytes() + text.getvalue().encode("utf-8", "surrogatepass"))


def plant_in_gt(root: Path, odd: str) -> None:
    with (root / "gt.txt").open("ab") as file:
        file.write(f"{odd}\todd\n".encode("utf-8", "surrogatepass"))


def words_of_exports(root: Path, unit: Unit) -> dict[str, str | None]:
    """Of the page in ALTO lines alone; in PAGE the words have ids of their own, but rows are numbered."""
    words: dict[str, str | None] = {}
    for name in ("one", "two"):
        for element in ElementTree.parse(root / f"{name}.xml").iter():
            if not element.tag.endswith("TextLine"):
                continue
            line = f"{name}/{element.get('ID') or element.get('id')}"
            texts = [text.text or "" for text in element.iter() if text.tag.endswith("Unicode")]
            if name == "one":
                words[line] = next(text.get("CONTENT") for text in element if text.tag.endswith("String"))
            elif unit == "line":
                words[line] = texts[-1]
            else:
                words |= {f"{line}/{number:03d}": text for number, text in enumerate(texts[:-1])}
    return words


CASES: dict[str, Callable[[Roots], SourceCase]] = {
    "imgur5k": lambda roots: SourceCase(
        Imgur5K, roots("imgur5k"), words_of_json(roots("imgur5k")), plant_in_json, "download_imgur5k.py"
    ),
    "imgur5k lists": lambda roots: SourceCase(
        Imgur5K, roots("imgur5k_lists"), words_of_lists(roots("imgur5k_lists")), plant_in_list, "--root"
    ),
    "iam xml words": lambda roots: SourceCase(
        Iam, roots("iam_xml_words"), words_of_lines(roots("iam_xml_words")), plant_in_xml, "xml.tgz", in_images=True
    ),
    "iam words alone": lambda roots: SourceCase(
        Iam, roots("iam_words"), words_of_lines(roots("iam_words").parent), plant_in_png, "words.tgz", in_images=True
    ),
    "iam archives lines": lambda roots: SourceCase(
        lambda root: Iam(root, "lwitr", unit="line"),
        roots("iam_archives"),
        lines_of_archives(roots("iam_archives")),
        None,
        "lines.tgz",
        in_images=True,
    ),
    "iam ascii forms": lambda roots: SourceCase(
        Iam, roots("iam_ascii_forms"), words_of_lines(roots("iam_ascii_forms")), plant_in_lines, "--root"
    ),
    "iam archives words": lambda roots: SourceCase(
        lambda root: Iam(root, pixels="words"),
        roots("iam_archives"),
        words_of_archives(roots("iam_archives")),
        plant_in_loose_xml,
        "words.tgz",
        in_images=True,
    ),
    "iam archives forms lwitr": lambda roots: SourceCase(
        lambda root: Iam(root, "lwitr", "all", "ascii", "forms"),
        roots("iam_archives"),
        words_of_archives(roots("iam_archives")),
        None,
        "forms*.tgz",
    ),
    "resplit imgur5k": lambda roots: SourceCase(
        lambda root: Resplit(Imgur5K(root), Ratio(2, 1, 1), seed=1),
        roots("imgur5k"),
        words_of_json(roots("imgur5k")),
        plant_in_json,
        "download_imgur5k.py",
    ),
    "resplit iam": lambda roots: SourceCase(
        lambda root: Resplit(Iam(root, None, annotations="xml"), Fold(1, 3), group="writer"),
        roots("iam_xml_words"),
        words_of_lines(roots("iam_xml_words")),
        plant_in_xml,
        "xml.tgz",
    ),
    "unipen": lambda roots: SourceCase(
        lambda root: Unipen(root, seed=4),
        roots("unipen"),
        words_of_unipen(roots("unipen")),
        None,
        "zenodo",
    ),
    "unipen archive": lambda roots: SourceCase(
        lambda root: Unipen(root, media=("scan",)),
        roots("unipen_archive"),
        words_of_packed_unipen(roots("unipen_archive")),
        None,
        "zenodo",
    ),
    "unipen lines": lambda roots: SourceCase(
        lambda root: Unipen(root, renderings=1, unit="line"),
        roots("unipen"),
        words_of_unipen(roots("unipen"), 8),
        None,
        "zenodo",
    ),
    "resplit unipen": lambda roots: SourceCase(
        lambda root: Resplit(Unipen(root), Ratio(2, 1, 1), group="writer"),
        roots("unipen"),
        words_of_unipen(roots("unipen")),
        None,
        "zenodo",
    ),
    "folder gt": lambda roots: SourceCase(
        Folder,
        roots("gt"),
        {**labelled_folders.words(12, "a/"), **labelled_folders.words(8, "b/")},
        plant_in_gt,
        "PATH",
    ),
    "folder gt, wrong lines dropped": lambda roots: SourceCase(
        lambda root: Folder(root, drop_wrong=True),
        roots("gt"),
        {**labelled_folders.words(12, "a/"), **labelled_folders.words(8, "b/")},
        None,  # what is no image is missing there, which is a reason of its own
        "PATH",
    ),
    "folder parquet": lambda roots: SourceCase(
        lambda root: Folder(root, splits="writer"), roots("parquet"), dict(labelled_folders.words(24)), None, "PATH"
    ),
    "folder beside": lambda roots: SourceCase(
        Folder,
        roots("beside"),
        {
            f"{split}/{name}": text
            for split in ("train", "valid", "test")
            for name, text in labelled_folders.words(7).items()
        },
        None,
        "PATH",
    ),
    "dhsd": lambda roots: SourceCase(Dhsd, roots("dhsd"), words_of_tables(roots("dhsd")), plant_in_table, "--root"),
    "xml lines": lambda roots: SourceCase(
        lambda root: XmlExport(root, split="test"),
        roots("exports"),
        words_of_exports(roots("exports"), "line"),
        None,  # no id becomes a path: pictures are looked up among those that are there
        "PATH",
    ),
    "xml words": lambda roots: SourceCase(
        lambda root: XmlExport(root, unit="word", split="train"),
        roots("exports"),
        words_of_exports(roots("exports"), "word"),
        None,
        "PATH",
    ),
    "synth": lambda roots: SourceCase(
        lambda root: Synth(words=40, seed=3, fonts=root),
        roots("fonts"),
        words_of_synth(roots("fonts")),
        None,
        "--fonts",
    ),
}


@pytest.mark.parametrize(
    "source",
    [
        Imgur5K(Path()),
        Iam(Path("no")),
        Iam(Path("no"), "lwitr"),
        Iam(Path("no"), unit="line"),
        Iam(Path("no"), "lwitr", unit="line"),
        Dhsd(Path()),
        Synth(1),
        Unipen(Path()),
    ],
    ids=repr,
)
def test_the_readme_beside_a_reader_says_what_its_stores_say(source: Source) -> None:
    # UNIPEN is read in one folder and drawn in another; what is to be known of the data stands where it is read.
    home = Path(unipen.__file__ if isinstance(source, Unipen) else inspect.getfile(type(source)))
    text = home.with_name("README.md").read_text("utf-8")
    flowing = " ".join(text.split())
    for said in (source.info.url, source.info.licence, source.info.citation):
        assert said in flowing
    for heading in ("## On disk", "## Traps", "## Published counts"):
        assert heading in text
    assert len(re.findall(r"^    .*\S", text, re.MULTILINE)) >= 10  # raw lines
    for counts in source.published.values():
        assert f"{counts['words']:,}" in text


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("case", CASES)
def test_a_reader_keeps_the_contract(
    case: str, check: Callable[[SourceCase, Path], None], roots: Roots, tmp_path: Path
) -> None:
    check(CASES[case](roots), tmp_path)
