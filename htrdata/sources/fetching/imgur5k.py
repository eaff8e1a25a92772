"""Imgur5K: annotations from their authors' repository at one commit, pages from imgur.com by the published MD5.

    ROOT/dataset_info/…      annotations, lists and hashes, proved by the ids that git has for them at that commit
    ROOT/images/ID.jpg       the pages that could be had
    ROOT/survival.csv        what became of each
    ROOT/pages.lst           the ids of the pages that are there, for ``htrdata imgur5k --pages``

Imgur shows ``removed.png``, of 503 bytes, for images that were taken down, or leads to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from htrdata.errors import UnreachableError
from htrdata.files.on_disk import FileOnDisk
from htrdata.files.writing import write_atomically
from htrdata.records import Page, Reason
from htrdata.sources.fetching.hosts import Places
from htrdata.sources.fetching.session import Manner, Session, look_at, open_session, refuse_sample, stays
from htrdata.sources.fetching.survey import FileSurvey
from htrdata.sources.fetching.survival import read_known
from htrdata.sources.fetching.wanted import Digest, FileOutcome, Status, Wanted
from htrdata.sources.imgur5k.images import NOTICES
from htrdata.sources.imgur5k.page_list import page_digest, restricted
from htrdata.sources.imgur5k.source import read

PAGES = "pages.lst"

_COMMIT = "756a9ac9ed5201345661e1d9b7a5eb53502b97d5"
_REPOSITORY = "https://raw.githubusercontent.com/facebookresearch/IMGUR5K-Handwriting-Dataset"
_FILES = {
    "LICENSE": "108b5f002fc31efe11d881de2cd05329ebe8cc37",
    "dataset_info/imgur5k_hashes.lst": "4453fc146f7f995b2ed1fc9be2833bbeeb77540a",
    "dataset_info/train_index_ids.lst": "5d2a298dab7d83794b9b45dd79e4603c2654cd08",
    "dataset_info/val_index_ids.lst": "4942ee9ca2fb430a7fdb4d3ec9d9ea745f35fd3e",
    "dataset_info/test_index_ids.lst": "1035a5f81d7f320ebde8e48ada3490ace1a36663",
    "dataset_info/imgur5k_annotations_val.json": "1952af882ac873a17c82c2c8e5fdc4fe252e1d8e",
    "dataset_info/imgur5k_annotations_test.json": "aa5dc71c5d5ff0850acf6a0f16ba1d73155d8ab0",
    "dataset_info/imgur5k_annotations_train.json": "297696ebdecb08bcdcbc71e4e16c478184b45319",
}
"""The files that are fetched, and the ids of their content at that commit."""

_PLACES = Places(
    hosts=frozenset({"raw.githubusercontent.com", "i.imgur.com"}),
    removed=frozenset({"i.imgur.com/removed.png", "imgur.com/removed.png"}),
    tombstones=NOTICES,
)

_ANNOTATIONS_LIMIT = 1 << 28  # bytes; the largest file has some 40 million
_PAGE_LIMIT = 1 << 26


def fetch(root: Path, manner: Manner, only: frozenset[str] | None = None) -> FileSurvey:
    """Fetches the annotations, then the pages that they name.

    Args:
        root: the folder of the data set.
        manner: how to go about it.
        only: the ids of pages to fetch; None for all.

    Raises:
        UnreachableError: annotations cannot be had; the message says how else to get them.
        BadDataError: annotations that are there are damaged, or `only` names pages that they lack.
        HtrError: as of `htrdata.sources.fetching.session`.
    """
    with open_session(root, _PLACES, manner) as session:
        _fetch_annotations(session)
        wanted = _pages(root, only)
        try:
            outcomes = session.fetch(wanted, "pages")
        finally:
            kept = _list_kept(root, session.survival.known)
    return FileSurvey("imgur5k", root, "pages", wanted, outcomes, kept)


def preview(root: Path, manner: Manner, only: frozenset[str] | None = None) -> FileSurvey:
    """What `fetch` would ask for: pages, or annotations as long as these are not there. Nothing is written.

    Raises:
        HtrError: as of `fetch`.
    """
    refuse_sample(root)
    known = read_known(root)
    files = [one for one in _annotations() if not (root / one.name).exists()]
    if files:
        return FileSurvey("imgur5k", root, "files of annotations", files, {}, then="the pages that they name")
    wanted = _pages(root, only)
    return FileSurvey("imgur5k", root, "pages", wanted, look_at(root, wanted, known, manner, "pages"))


def _annotations() -> list[Wanted]:
    return [
        Wanted(name, f"{_REPOSITORY}/{_COMMIT}/{name}", Digest("git", blob), _ANNOTATIONS_LIMIT)
        for name, blob in _FILES.items()
    ]


def _fetch_annotations(session: Session) -> None:
    wanted = [one for one in _annotations() if not stays(session.root, one, session.manner.say)]
    outcomes = session.fetch(wanted, "files")
    missing = [one for one in wanted if outcomes[one.name].status is not Status.KEPT]
    if missing:
        why = outcomes[missing[0].name]
        listed = "".join(f"\n  {one.url}\n    as {session.root / one.name}" for one in missing)
        raise UnreachableError(
            f"{len(missing)} of {len(_FILES)} files of annotations could not be had ({why.status}: {why.detail}). Run "
            f"the same command where there is a network, or put them there by hand:{listed}"
        )


def _pages(root: Path, only: frozenset[str] | None) -> list[Wanted]:
    """The pages that the lists and annotations name, each once, in their order."""
    pages: dict[str, list[Page]] = {}
    listed = read(root)
    for page in listed if only is None else restricted(listed, only):
        if page.reason is not Reason.EXCLUDED_PAGE:
            pages.setdefault(page.id, []).append(page)
    return [_page(root, page_id, found) for page_id, found in pages.items()]


def _page(root: Path, page_id: str, found: list[Page]) -> Wanted:
    valid = found[0].reason is not Reason.INVALID_ID
    image, md5 = found[0].image, found[0].md5
    # The reader finds pages under other endings and in folders, too; where there is none it says ID.jpg.
    return Wanted(
        name=image.path.relative_to(root).as_posix() if isinstance(image, FileOnDisk) else f"images/{page_id}.jpg",
        url=f"https://i.imgur.com/{page_id}.jpg",
        digest=Digest("md5", md5) if md5 is not None else None,
        limit=_PAGE_LIMIT,
        splits=tuple(page.split or "none" for page in found),
        words=max(len(page.words) for page in found),
        fault=None if valid else Status.INVALID_ID,
    )


def _list_kept(root: Path, known: Mapping[str, FileOutcome]) -> tuple[Path, str]:
    """Writes the ids of the pages that are there, sorted; returns the list's place and digest."""
    kept = sorted(
        Path(name).stem for name, one in known.items() if name.startswith("images/") and one.status is Status.KEPT
    )
    path = root / PAGES
    write_atomically(path, "".join(f"{page_id}\n" for page_id in kept).encode())
    return path, page_digest(kept)
