"""Texts that have no image beside them: their images stand in another folder, or are missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from htrdata.sources.folder.finding import FolderListing
from htrdata.sources.folder.rows import is_image_name
from htrdata.sources.folder.texts_beside import ENDINGS
from htrdata.sources.folder.trees import Tree


def ending_of_text(name: str) -> str | None:
    """What a name ends in, as that of a text beside an image does; None for any other."""
    return next((ending for ending in ENDINGS if name.lower().endswith(ending)), None)


def pair_across(tree: Tree, listing: FolderListing, texts: Sequence[str]) -> None:
    """Pairs texts with images of the same names in another folder: ``labels/a.txt`` with ``images/a.png``.

    Of the folders with images that one is taken that has those of most texts of a folder, and of more than half of
    them; of several such, the one whose path ends alike (``images/train`` for ``labels/train``).

    Args:
        tree: the files.
        listing: what is in it; the pairs are added.
        texts: paths of texts that have no image beside them.
    """
    folders = defaultdict[str, dict[str, str]](dict)
    for text in texts:
        folder, slash, name = text.rpartition("/")
        folders[folder + slash][name[: -len(ending_of_text(name) or "")]] = text
    images = {folder: _stems(tree, folder) for folder in listing.image_folders}
    for folder, named in folders.items():
        stems = _fitting(folder, named, images)
        for stem in named.keys() & stems.keys():
            listing.beside[ending_of_text(named[stem]) or ""].append((stems[stem], named[stem]))
    for pairs in listing.beside.values():
        pairs.sort()


def _stems(tree: Tree, folder: str) -> dict[str, str]:
    """The images in a folder, by their names without endings."""
    names = sorted(filter(is_image_name, tree.names(folder)), reverse=True)
    return {name.rpartition(".")[0]: f"{folder}{name}" for name in names}


def _fitting(folder: str, named: Mapping[str, str], images: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    """The images of the folder that has those of the texts of another one; none where none has, or several do."""
    ranked = sorted(
        ((len(named.keys() & stems.keys()), _alike(folder, place), place) for place, stems in images.items()),
        reverse=True,
    )
    if not ranked or 2 * ranked[0][0] <= len(named) or (len(ranked) > 1 and ranked[0][:2] == ranked[1][:2]):
        return {}
    return images[ranked[0][2]]


def _alike(one: str, other: str) -> int:
    """How many of the last folders of two paths are called the same."""
    pairs = zip(reversed(one.split("/")), reversed(other.split("/")), strict=False)
    return next((number for number, (a, b) in enumerate(pairs) if a != b), 0)
