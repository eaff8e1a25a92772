"""Targets that are archives: tar, plain or gzipped, and zip.

The first byte of an input says whether the checksums of its headers are put right, and whether it is then gzipped. In a
zip archive the checksum of each member stands in two places, and is that of an input only where both were told of it.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import tarfile
import zipfile
from pathlib import Path

from htrdata.sources.archives import Archive
from htrdata.sources.unipen.release import read_release
from htrdata.sources.zip_archives import zip_members

from .target import Target

_BLOCK = 512
_MOST_BYTES = 1 << 20
CHECKSUMS, GZIPPED = 1, 2


def read_tar(data: bytes, folder: Path) -> None:
    """Every member that is listed can be read, and is what tarfile gives."""
    path = folder / ("words.tgz" if data[:1] and data[0] & GZIPPED else "words.tar")
    path.write_bytes(mended_tar(data))
    members = list(Archive(path).members())
    assert all(".." not in Path(member.member).parts for member in members)
    if sum(member.length for member in members) > _MOST_BYTES:
        return
    read = [(member.member, member.read()) for member in members]
    with tarfile.open(path) as archive:
        expected = [(one.name, archive.extractfile(one)) for one in archive if one.isreg() and not one.issparse()]
        assert read == [(name, file.read() if file else b"") for name, file in expected]


def read_zip(data: bytes, folder: Path) -> None:
    """Every member that is listed is read, or found to be damaged; if zipfile reads it, it gives the same."""
    path = folder / "words.zip"
    path.write_bytes(data)
    members = list(zip_members(path))
    assert all(".." not in Path(member.member).parts for member in members)
    if sum(member.size() for member in members) > _MOST_BYTES:
        return
    read = [(member.member, member.read()) for member in members]
    with (
        zipfile.ZipFile(path) as archive,
        contextlib.suppress(zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError),
    ):
        for name, content in dict(read).items():  # of two members of one name, zipfile gives the last
            assert archive.read(name) == content


def read_unipen_archive(data: bytes, folder: Path) -> None:
    (folder / "train_r01_v07.tar").write_bytes(mended_tar(data))
    read_release(folder / "train_r01_v07.tar", 7)


def mended_tar(data: bytes) -> bytes:
    """The archive that an input stands for."""
    kind, tar = (data[0], bytearray(data[1:])) if data else (0, bytearray())
    if kind & CHECKSUMS:
        for at in range(0, len(tar) - _BLOCK + 1, _BLOCK):
            if tar[at + 257 : at + 262] == b"ustar":
                tar[at + 148 : at + 156] = b" " * 8
                tar[at + 148 : at + 156] = b"%06o\0 " % sum(tar[at : at + _BLOCK])
    return gzip.compress(bytes(tar), 1, mtime=0) if kind & GZIPPED else bytes(tar)


def _packed(files: dict[str, bytes], form: int, kinds: tuple[bytes, ...] = ()) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=form) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        for kind in kinds:
            info = tarfile.TarInfo("other")
            info.type, info.linkname = kind, "a01"
            archive.addfile(info)
    return content.getvalue()[: 4 * _BLOCK * 6]


def tar_seeds() -> list[bytes]:
    files = {"a01/a01-000u/a01-000u-00-00.png": b"x" * 600, "é": b"", "f" * 90: b"y"}
    kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE)
    forms = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)
    tars = [_packed(files, form, kinds if form == tarfile.GNU_FORMAT else ()) for form in forms]
    return [bytes([kind]) + tar for tar in tars for kind in (0, CHECKSUMS, CHECKSUMS | GZIPPED)]


def zip_seeds() -> list[bytes]:
    found = []
    for method, comment in ((zipfile.ZIP_STORED, b""), (zipfile.ZIP_DEFLATED, b"from a browser")):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w", method) as archive:
            for name, data in {"a01/a01-000u-00-00.png": b"x" * 300, "a01/": b"", "words.txt": b"#\n"}.items():
                archive.writestr(zipfile.ZipInfo(name), data, method)
            archive.comment = comment
        found.append(content.getvalue())
    return found


def unipen_archive_seeds() -> list[bytes]:
    files = {
        "train_r01_v07/data/7/abc/f.dat": b'.INCLUDE abc/x.dat\n.SEGMENT WORD 0-0 OK "a"\n',
        "train_r01_v07/include/abc/x.dat": b".COORD X Y\n.PEN_DOWN\n1 2\n3 4\n",
    }
    return [bytes([CHECKSUMS]) + _packed(files, tarfile.GNU_FORMAT)]


ARCHIVE_TARGETS = (
    Target("tar", read_tar, tar_seeds, largest=12_289),
    Target("zip", read_zip, zip_seeds, largest=2048),
    Target("unipen_archive", read_unipen_archive, unipen_archive_seeds, runs=200_000, largest=12_289),
)
