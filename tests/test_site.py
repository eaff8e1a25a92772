"""The site builds without a warning, and has every public name."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import htrdata
import htrmodel
from tests.import_contract import ALLOWED

pytest.importorskip("sphinx", reason="the site is built with the extra docs")
pytest.importorskip("myst_parser", reason="the site is built with the extra docs")
pytest.importorskip("furo", reason="the site is built with the extra docs")

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly as `make docs` does."""
    out = tmp_path_factory.mktemp("site")
    strictly = ["--fail-on-warning", "--keep-going", "--quiet", "-b", "html"]
    command = [sys.executable, "-m", "sphinx", *strictly, "-d", str(out / "state"), str(DOCS), str(out / "html")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return out / "html"


def test_every_page_is_built(site: Path) -> None:
    pages = {page.relative_to(DOCS).with_suffix(".html") for page in DOCS.rglob("*.md")}
    assert pages <= {page.relative_to(site) for page in site.rglob("*.html")}


def test_every_public_name_is_on_the_page_of_python(site: Path) -> None:
    anchors = set(re.findall(r'id="([\w.]+)"', (site / "api.html").read_text("utf-8")))
    names = {f"{package.__name__}.{name}" for package in (htrdata, htrmodel) for name in package.__all__}
    without_anchor = {"htrdata.errors", "htrdata.sources"}  # modules have theirs as module-NAME
    assert names - without_anchor <= anchors
    assert {f"module-{name}" for name in without_anchor} <= set(
        re.findall(r'id="(module-[\w.]+)"', (site / "api.html").read_text("utf-8"))
    )


def test_the_picture_of_the_rooms_has_all_of_them(site: Path) -> None:
    drawn = re.findall(r"<text [^>]*>(\w+)</text>", (site / "architecture.html").read_text("utf-8"))
    rooms = [name.split(".")[1] for name in ALLOWED if "." in name]
    assert sorted(drawn) == sorted(room for room in rooms if room not in ("__main__", "version"))


def test_the_page_of_commands_has_the_help_of_each(site: Path) -> None:
    page = (site / "commands.html").read_text("utf-8")
    assert {"Usage: htrdata sample imgur5k", "Usage: htrmodel predict"} <= set(
        re.findall(r"Usage: [a-z0-9 ]*[a-z0-9]", page)
    )
