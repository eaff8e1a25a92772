"""Links that lead in a circle are a path like any other: what opens it says what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from htrdata.errors import HtrError
from htrdata.files.regular import real_path
from htrdata.sources.folder import Folder
from htrdata.sources.xml import XmlExport
from htrmodel.data.splits import find_split


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("file")
    assert real_path(tmp_path / "link") == tmp_path.resolve() / "file"


@pytest.mark.parametrize("open_it", [Folder, XmlExport])
def test_a_circle_is_no_traceback(tmp_path: Path, open_it: type[Folder] | type[XmlExport]) -> None:
    circle = tmp_path / "circle"
    circle.symlink_to("circle")
    source = open_it(circle)
    assert source.name
    with pytest.raises((HtrError, OSError), match="circle"):
        list(source.pages())


def test_a_circle_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises((HtrError, OSError), match="circle"):
        find_split(tmp_path / "circle", "train")
