"""Archives: read where they lie, from any process, and refused in one sentence where they are damaged."""

from __future__ import annotations

import gzip
import io
import pickle
import random
import re
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from htrdata.errors import BadDataError
from htrdata.sources.archives import Archive, ArchiveMember

FILES = {f"a/{number:03d}.bin": np.random.default_rng(number).bytes(number * 97) for number in range(1, 60)}
TGZ = pytest.mark.parametrize("suffix", ["tgz", "tar"])


def pack(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz" if path.suffix == ".tgz" else "w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def members(path: Path) -> list[ArchiveMember]:
    return list(Archive(path).members())


@TGZ
def test_members_read_as_they_come_and_in_any_order(tmp_path: Path, suffix: str) -> None:
    path = pack(tmp_path / f"x.{suffix}", FILES)
    assert {member.member: member.read() for member in Archive(path).members()} == FILES
    found = members(path)
    random.Random(0).shuffle(found)
    assert {member.member: member.read() for member in found} == FILES
    assert {member.member: member.size() for member in found} == {name: len(data) for name, data in FILES.items()}
    assert found[0].name == f"{path}:{found[0].member}"
    assert found[0].file_name == found[0].member.removeprefix("a/")


@TGZ
def test_members_read_from_threads(tmp_path: Path, suffix: str) -> None:
    found = members(pack(tmp_path / f"x.{suffix}", FILES)) * 5
    random.Random(0).shuffle(found)
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(ArchiveMember.read, found)) == [FILES[member.member] for member in found]


def test_another_process_reads_by_the_index_and_nothing_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    content = np.random.default_rng(0).bytes(6 << 20)
    path = pack(tmp_path / "x.tgz", {"first": content, "last": b"the end"})
    found = members(path)
    pickled = pickle.dumps(found[1])
    (index,) = tmp_path.glob("*.gzidx")
    assert index.stat().st_size > 5 * 32_000  # a window for every megabyte
    reader = "import pickle, sys; print(pickle.load(sys.stdin.buffer).read().decode())"
    for _ in range(2):  # with the index, and where it is not there
        done = subprocess.run([sys.executable, "-c", reader], input=pickled, capture_output=True, check=True)
        assert done.stdout == b"the end\n"
        index.unlink(missing_ok=True)
    again = pickle.loads(pickled)
    assert again == found[1]
    assert hash(again.archive) == hash(found[1].archive)
    del found, again
    assert list(tmp_path.iterdir()) == [path]


def test_members_of_one_part_share_one_archive(tmp_path: Path) -> None:
    found = members(pack(tmp_path / "x.tgz", FILES))
    again = pickle.loads(pickle.dumps(found))
    assert len({id(member.archive) for member in again}) == 1
    assert again == found
    assert found[0] != members(pack(tmp_path / "y.tgz", FILES))[0]


def test_an_archive_that_changes_under_a_build_is_noticed(tmp_path: Path) -> None:
    member = members(pack(tmp_path / "x.tgz", FILES))[3]
    pack(tmp_path / "x.tgz", {**FILES, "new": b"more"})
    with pytest.raises(BadDataError, match="has changed since the build began"):
        member.read()


def test_only_regular_files_are_members(tmp_path: Path) -> None:
    path = tmp_path / "x.tgz"
    with tarfile.open(path, "w:gz") as tar:
        for kind in (tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
            info = tarfile.TarInfo(f"kind{kind!r}")
            info.type, info.linkname = kind, "/etc/passwd"
            tar.addfile(info)
        tar.addfile(tarfile.TarInfo("file"))
    assert [member.member for member in members(path)] == ["file"]


@pytest.mark.parametrize("name", ["../../x", "/etc/x", "a/../../x", "..\\..\\x"])
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    path = pack(tmp_path / "x.tgz", {**FILES, name: b"evil"})
    with pytest.raises(BadDataError, match="which leads out of its folder"):
        members(path)
    assert list(tmp_path.iterdir()) == [path]
    assert not (tmp_path.parent / "x").exists()


def cut(size: float) -> Callable[[bytes], bytes]:
    return lambda data: data[: int(len(data) * size)]


@TGZ
@pytest.mark.parametrize(
    "damage",
    [cut(0.999), cut(0.9), cut(0.5), cut(0.01), lambda data: data[:600], lambda data: data[:-1]],
)
def test_an_archive_that_is_cut_off_is_refused(tmp_path: Path, suffix: str, damage: Callable[[bytes], bytes]) -> None:
    if suffix == "tar":
        whole = damage
        damage = lambda data: whole(data.rstrip(b"\0"))  # noqa: E731  (not only the zeros at its end)
    path = pack(tmp_path / f"x.{suffix}", FILES)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(BadDataError, match=r"x\.t\w+ is cut off or damaged, .*fetch it again"):
        members(path)


def test_an_archive_cut_between_two_members_is_refused(tmp_path: Path) -> None:
    path = pack(tmp_path / "x.tar", FILES)
    last = members(path)[-1]
    path.write_bytes(path.read_bytes()[: last.offset - 512])
    with pytest.raises(BadDataError, match="its end is missing"):
        members(path)
    path.with_suffix(".tgz").write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(BadDataError, match="its end is missing"):
        members(path.with_suffix(".tgz"))


@pytest.mark.parametrize("place", [0.2, 0.5, 0.8])
def test_a_damaged_archive_is_refused(tmp_path: Path, place: float) -> None:
    path = pack(tmp_path / "x.tgz", FILES)
    data = bytearray(path.read_bytes())
    data[int(len(data) * place)] ^= 0x55
    path.write_bytes(data)
    with pytest.raises(BadDataError, match="cut off or damaged"):
        members(path)


def test_a_damaged_header_is_not_taken_for_the_end(tmp_path: Path) -> None:
    path = pack(tmp_path / "x.tar", FILES)
    middle = members(path)[30]
    data = bytearray(path.read_bytes())
    data[middle.offset - 500] ^= 1
    path.write_bytes(data)
    with pytest.raises(BadDataError, match=f"no header at byte {middle.offset - 512:,}"):
        members(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "x.tgz is empty: fetch it again"),
        (b"<!DOCTYPE html>\n<html><body>Please log in</body></html>" * 30, "is a web page, not an archive: .*login"),
        (b"\xef\xbb\xbf \r\n<html>", "is a web page"),
        (b"PK\x03\x04" + bytes(900), "cut off or damaged"),
        (b"\x1f\x8b", "cut off or damaged"),
        (gzip.compress(b"no tar" * 500, mtime=0), "cut off or damaged"),
        (random.Random(0).randbytes(5000), "cut off or damaged"),
    ],
    ids=["empty", "page", "page behind a mark", "zip", "two bytes of gzip", "gzip of no tar", "noise"],
)
def test_what_is_no_archive_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "x.tgz"
    path.write_bytes(content)
    with pytest.raises(BadDataError, match=message):
        members(path)


def raw_header(name: bytes, size: bytes, kind: bytes = b"0") -> bytes:
    header = bytearray(512)
    header[:100] = name.ljust(100, b"\0")
    header[124:136], header[156:157], header[257:265] = size.rjust(12, b"0"), kind, b"ustar\x0000"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header)


@pytest.mark.parametrize("kind", [b"0", b"L", b"x", b"g", b"5"])
@pytest.mark.parametrize("size", [b"\xff" * 12, b"\xff" * 10 + b"\xfc\0", b"77777777777"])
def test_a_header_that_lies_about_its_size_costs_neither_memory_nor_time(
    tmp_path: Path, kind: bytes, size: bytes
) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(raw_header(b"first", b"0") + raw_header(b"name", size, kind) + bytes(2048))
    with pytest.raises(BadDataError, match=r"damaged|more than 1,073,741,824"):
        members(path)


@pytest.mark.parametrize(
    ("behind", "message"),
    [
        (bytes(10_240), None),
        (bytes(17 << 20), "more than 16,777,216 bytes of zeros"),
        (bytes(512) + raw_header(b"another", b"0") + bytes(1024), "something stands behind its end"),
    ],
)
@TGZ
def test_what_stands_behind_the_end(tmp_path: Path, suffix: str, behind: bytes, message: str | None) -> None:
    path = pack(tmp_path / "y.tar", {"a": b"1"})
    packed = tmp_path / f"x.{suffix}"
    packed.write_bytes((gzip.compress if suffix == "tgz" else bytes)(path.read_bytes() + behind))
    if message is None:
        assert len(members(packed)) == 1
    else:
        with pytest.raises(BadDataError, match=message):
            members(packed)


def test_an_archive_that_unpacks_to_far_more_than_it_is_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.tgz"
    header = raw_header(b"zeros", b"%011o" % (1 << 27))
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(3):
            file.write(header)
            file.write(bytes(1 << 27))
    with pytest.raises(BadDataError, match="more than 100 times its size: it is damaged, or made to do harm; get it"):
        members(path)


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        (
            [raw_header(b"././@LongLink", b"%011o" % 20, b"L") + b"a".ljust(512, b"\0")] * 3000,
            "announce further headers",
        ),
        (
            [raw_header(b"././@PaxHeader", b"%011o" % 20, b"x") + b"11 path=abc\n".ljust(512, b"\0")] * 3000,
            "without end",
        ),
        (
            [raw_header(b"././@LongLink", b"%011o" % (1 << 30), b"L")],
            "has a header of 1,073,741,824 bytes: it is damaged, or",
        ),
    ],
    ids=["long names", "pax", "a long one"],
)
def test_headers_that_announce_headers_are_called_what_they_are(
    tmp_path: Path, headers: list[bytes], message: str
) -> None:
    (tmp_path / "x.tar").write_bytes(b"".join(headers))
    with pytest.raises(BadDataError, match=message) as caught:
        members(tmp_path / "x.tar")
    assert str(caught.value).endswith("it is damaged, or made to do harm; get it from where it was published")
    assert not re.search("cut off|recursion", str(caught.value))
