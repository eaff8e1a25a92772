"""Data sets of two or three words for every reader, laid out in a folder in an instant."""

from __future__ import annotations

import hashlib
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from htrdata.images.codec import encode
from htrdata.sources.base import Source
from htrdata.sources.dhsd import Dhsd
from htrdata.sources.folder import Folder
from htrdata.sources.iam import Iam
from htrdata.sources.imgur5k import Imgur5K
from htrdata.sources.unipen.release import read_release
from htrdata.sources.unipen.segments import read_segments
from htrdata.sources.xml import XmlExport
from htrdata.store.shard_writer import SHARD_WORDS, write_shard

from .. import labelled_folders
from ..fuzz import text_targets
from ..fuzz.made_inputs import grey_noise

Read = Callable[[Path], Source | None]


@dataclass(frozen=True, slots=True)
class SmallSource:
    """A data set for a reader.

    Attributes:
        name: of the layout.
        make: lays it out below a folder.
        read: makes the source; None where it has been read already and is none of `htrdata.sources.base`.
    """

    name: str
    make: Callable[[Path], None]
    read: Read


def _write(root: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)


def _picture(width: int = 40, height: int = 24, seed: int = 0, kind: str = "png") -> bytes:
    return encode(grey_noise(height, width, seed), "jpeg" if kind == "jpeg" else "png")


def _imgur5k(root: Path) -> None:
    document, *_ = (seed[1:] for seed in text_targets.imgur5k_seeds())
    lists = {f"dataset_info/{split}_index_ids.lst": b"" for split in ("val", "test")}
    lists["dataset_info/train_index_ids.lst"] = b"abcDe\n"
    picture = _picture(kind="jpeg")
    md5 = hashlib.md5(picture).hexdigest().encode()
    lists["dataset_info/imgur5k_hashes.lst"] = b"abcDe " + md5 + b"\n"
    document = document.replace(b"0" * 32, md5)
    _write(root, {**lists, "dataset_info/imgur5k_annotations.json": document, "images/abcDe.jpg": picture})


def _imgur5k_lists(root: Path) -> None:
    _, data, _, _ = (seed[1:] for seed in text_targets.imgur5k_seeds())
    _imgur5k(root)
    (root / "dataset_info/imgur5k_annotations.json").unlink()
    (root / "dataset_info/imgur5k_data.lst").write_bytes(data)


_IAM_WORDS = b"a01-000u-00-00 ok 154 3 2 20 12 AT A\na01-000u-00-01 ok 154 9 2 20 12 NN b\n"


def _iam_xml() -> bytes:
    return text_targets.iam_xml_seeds()[0]


def _iam_words(root: Path) -> None:
    pictures = {f"words/a01/a01-000u/a01-000u-00-0{n}.png": _picture(seed=n) for n in range(2)}
    _write(root, {"ascii/words.txt": _IAM_WORDS, "ascii/forms.txt": b"a01-000u 000 2 prt 7 5 52 36\n", **pictures})


def _iam_forms(root: Path) -> None:
    _write(root, {"xml/a01-000u.xml": _iam_xml(), "forms/a01-000u.png": _picture(500, 900)})


def _iam_archives(root: Path) -> None:
    loose = root.with_name(f"{root.name}-loose")
    _iam_words(loose)
    root.mkdir(parents=True)
    for name in ("ascii", "words"):
        with tarfile.open(root / f"{name}.tgz", "w:gz") as archive:
            archive.add(loose / name, ".")


def _iam_zip(root: Path) -> None:
    loose = root.with_name(f"{root.name}-loose")
    _iam_words(loose)
    _zip(loose, root / "archive.zip")


def _zip(folder: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in files_of(folder):
            archive.writestr(zipfile.ZipInfo(name), (folder / name).read_bytes(), zipfile.ZIP_DEFLATED)


def _unipen(root: Path) -> None:
    first, _, second = text_targets.unipen_seeds()[0].partition(b"\0")
    _write(root, {"data/7/abc/f.dat": first, "include/abc/x.dat": second})


def _unipen_archive(root: Path) -> None:
    loose = root.with_name(f"{root.name}-loose")
    _unipen(loose)
    root.mkdir(parents=True)
    with tarfile.open(root / "train_r01_v07.tgz", "w:gz") as archive:
        archive.add(loose, "train_r01_v07")


def _read_unipen(root: Path) -> None:
    list(read_segments(read_release(root, 7), "WORD"))


def _dhsd(root: Path) -> None:
    rows = text_targets.dhsd_seeds()[0]
    _write(root, {"train.csv": rows, "test.csv": rows, "german_hw_data/writer1/1_0.png": _picture()})


def _exports(root: Path) -> None:
    alto, page, *_ = text_targets.xml_seeds()
    _write(root, {"one.xml": alto, "one.png": _picture(80, 60), "two.xml": page})


def _exports_zip(root: Path) -> None:
    loose = root.with_name(f"{root.name}-loose")
    _exports(loose)
    _zip(loose, root / "export.zip")


def _folder_gt(root: Path) -> None:
    named = labelled_folders.words(3)
    labelled_folders.write_images(root, named)
    labelled_folders.write_gt(root, named)


def _folder_parquet(root: Path) -> None:
    labelled_folders.write_parquet(root / "train.parquet", labelled_folders.embedded(labelled_folders.words(3)), rows=2)


def _folder_arrow(root: Path) -> None:
    labelled_folders.write_arrow(root / "data-00000-of-00001.arrow", labelled_folders.embedded({"a.png": "a"}))


def _folder_beside(root: Path) -> None:
    named = labelled_folders.words(2)
    labelled_folders.write_images(root, named)
    labelled_folders.write_beside(root, named)


def _folder_lmdb(root: Path) -> None:
    texts = list(labelled_folders.words(4).values())
    images = [labelled_folders.picture(text) for text in texts]
    batch = pa.record_batch([images, texts, [hashlib.sha256(one).digest() for one in images]], schema=SHARD_WORDS)
    write_shard(root / "train/mine", [batch], count=len(texts), payload=batch.nbytes)


SMALL_SOURCES = (
    SmallSource("imgur5k", _imgur5k, lambda root: Imgur5K(root)),
    SmallSource("imgur5k lists", _imgur5k_lists, lambda root: Imgur5K(root)),
    SmallSource("iam words", _iam_words, lambda root: Iam(root, annotations="ascii", pixels="words")),
    SmallSource("iam forms", _iam_forms, lambda root: Iam(root, annotations="xml", pixels="forms")),
    SmallSource("iam archives", _iam_archives, lambda root: Iam(root, pixels="words")),
    SmallSource("iam zip", _iam_zip, lambda root: Iam(root, pixels="words")),
    SmallSource("unipen", _unipen, _read_unipen),
    SmallSource("unipen archive", _unipen_archive, _read_unipen),
    SmallSource("dhsd", _dhsd, lambda root: Dhsd(root)),
    SmallSource("xml lines", _exports, lambda root: XmlExport(root, split="train")),
    SmallSource("xml words", _exports, lambda root: XmlExport(root, unit="word", split="train")),
    SmallSource("xml zip", _exports_zip, lambda root: XmlExport(root / "export.zip", split="train")),
    SmallSource("folder gt", _folder_gt, lambda root: Folder(root, split="train")),
    SmallSource("folder parquet", _folder_parquet, lambda root: Folder(root)),
    SmallSource("folder arrow", _folder_arrow, lambda root: Folder(root, split="train")),
    SmallSource("folder beside", _folder_beside, lambda root: Folder(root, split="train")),
    SmallSource("folder lmdb", _folder_lmdb, lambda root: Folder(root)),
)


def files_of(root: Path) -> list[str]:
    """All files below a folder, in order."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
