"""The drawn IAM, once for all tests of its reader, and copies of it to spoil."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from htrdata.drawing.samples.iam import draw_sample


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The drawn IAM as folders."""
    root = tmp_path_factory.mktemp("iam") / "folders"
    draw_sample(root, forms=8, scale=0.25)
    return root


@pytest.fixture(scope="session")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same as archives."""
    root = tmp_path_factory.mktemp("iam") / "archives"
    draw_sample(root, forms=8, scale=0.25, archives=True)
    return root


@pytest.fixture
def copy(drawn: Path, tmp_path: Path) -> Path:
    """The folders to spoil."""
    return shutil.copytree(drawn, tmp_path / "copy")


@pytest.fixture
def archives(packed: Path, tmp_path: Path) -> Path:
    """The archives to spoil."""
    return shutil.copytree(packed, tmp_path / "copy")
