"""Lists of pages: the same store, whichever other pages somebody has got."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from htrdata.building.builder import build
from htrdata.building.options import BuildOptions
from htrdata.building.plan import make_plan
from htrdata.cli.commands import commands
from htrdata.drawing.samples.imgur5k import draw_sample
from htrdata.errors import BadDataError, HtrError, SourceMissingError
from htrdata.records import Reason
from htrdata.sources.imgur5k import Imgur5K
from htrdata.sources.imgur5k.page_list import page_digest, read_page_lists
from htrdata.sources.resplit import Resplit


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data") / "imgur5k"
    draw_sample(folder, pages=12, words_per_page=6, megapixels=(0.1, 0.2), plain=True)
    return folder


def survivor(root: Path, folder: Path, lost: slice) -> Path:
    """A copy of the data set in which some pages are gone, and the list of those that are left."""
    shutil.copytree(root, folder)
    for path in sorted((folder / "images").glob("*.jpg"))[lost]:
        path.unlink()
    left = sorted(path.stem for path in (folder / "images").glob("*.jpg"))
    (folder / "pages.lst").write_text("".join(f"{page}\n" for page in left), encoding="utf-8")
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.*")) if path.is_file()}


def test_people_who_got_other_pages_build_the_same_store(root: Path, tmp_path: Path) -> None:
    mine = survivor(root, tmp_path / "mine", slice(0, 3))
    theirs = survivor(root, tmp_path / "theirs", slice(2, 5))
    lists = [mine / "pages.lst", theirs / "pages.lst"]
    common = read_page_lists(lists)
    assert common is not None
    descriptions = []
    for person, order in ((mine, lists), (theirs, lists[::-1])):
        options = [word for path in order for word in ("--pages", str(path))]
        built = CliRunner().invoke(
            commands, ["imgur5k", str(person), "--out", str(person / "lmdb"), "--workers", "1", "--json", *options]
        )
        assert built.exit_code == 0, built.output
        descriptions.append(json.loads(built.stdout))
    assert tree(mine / "lmdb") == tree(theirs / "lmdb")
    about = descriptions[0]
    assert about["settings"] == {"pages": page_digest(common), "pages_listed": str(len(common))}
    assert all("image_missing" not in split["dropped"] for split in about["splits"].values())
    excluded = sum(split["dropped"].get("excluded_page", 0) for split in about["splits"].values())
    whole = [page for page in Imgur5K(root).pages() if page.id not in common]
    assert excluded == sum(word.reason is not Reason.DUPLICATE_ID for page in whole for word in page.words)
    assert excluded > 0


def test_the_list_that_a_build_used_is_part_of_what_it_is(root: Path, tmp_path: Path) -> None:
    ids = sorted({page.id for page in Imgur5K(root).pages() if page.image is not None})
    build(Imgur5K(root, only=frozenset(ids)), tmp_path / "lmdb", workers=1)
    with pytest.raises(HtrError, match=r"pages was [0-9a-f]{64}, is .*pages_listed was"):
        build(Imgur5K(root, only=frozenset(ids[1:])), tmp_path / "lmdb", workers=1)


def test_pages_left_out_stay_out_when_pages_are_dealt_out_anew(root: Path) -> None:
    ids = sorted({page.id for page in Imgur5K(root).pages() if page.image is not None})
    kept = frozenset(ids[2:])
    pages = list(Resplit(Imgur5K(root, only=kept)).pages())
    assert {page.id for page in pages if page.reason is Reason.EXCLUDED_PAGE} >= set(ids[:2])
    assert not {page.id for page in pages if page.reason is None} - kept


def test_without_a_list_nothing_is_recorded_or_left_out(root: Path) -> None:
    source = Imgur5K(root)
    assert source.settings == {}
    assert make_plan(source, BuildOptions()).provenance.settings == {}
    assert not any(page.reason is Reason.EXCLUDED_PAGE for page in source.pages())


def test_the_digest_is_that_of_the_sorted_list() -> None:
    assert page_digest(["b", "a", "b"]) == hashlib.sha256(b"a\nb\n").hexdigest()


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        ([b""], "lists no page"),
        ([b"\n \n"], "lists no page"),
        ([b"\xff\xfe\x00"], "is not UTF-8: byte 0"),
        ([b"aB3dE\n", b"Zz9Yy8x\n"], "no page of .*1 stands in the lists before it"),
    ],
)
def test_a_list_that_is_none_is_named(tmp_path: Path, contents: list[bytes], said: str) -> None:
    paths = []
    for number, content in enumerate(contents):
        paths.append(tmp_path / f"{number}")
        paths[-1].write_bytes(content)
    with pytest.raises(BadDataError, match=said):
        read_page_lists(paths)


def test_lists_are_read_as_they_come(tmp_path: Path) -> None:
    path = tmp_path / "crlf.lst"
    path.write_bytes(b"\xef\xbb\xbfaB3dE\r\n\r\nZz9Yy8x \r\naB3dE")
    assert read_page_lists([path]) == frozenset({"aB3dE", "Zz9Yy8x"})
    assert read_page_lists([]) is None
    with pytest.raises(SourceMissingError, match="no list of pages"):
        read_page_lists([tmp_path / "none"])
    with pytest.raises(BadDataError, match="is a folder, where a file is expected"):
        read_page_lists([tmp_path])


def test_pages_that_the_annotations_lack_are_named(root: Path) -> None:
    some = next(page.id for page in Imgur5K(root).pages())
    with pytest.raises(BadDataError, match=r"of 3 pages listed 2 are not in the annotations: \\x1bbad, neverR"):
        list(Imgur5K(root, only=frozenset([some, "neverR", "\x1bbad"])).pages())
