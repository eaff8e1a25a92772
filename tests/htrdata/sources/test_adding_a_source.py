"""The page about adding a data set is right: its package is installed by pip, and passes its own tests; and what is
wrong with the package of a source is told in one sentence."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "adding-a-source.md"


def shown_files() -> dict[str, str]:
    """The files of the page, by the names that stand before them."""
    found = re.findall(r"^`([\w./]+)`\n\n```\w+\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return dict(found)


CROOKED = {
    "pyproject.toml": """
        [build-system]
        requires = ["setuptools>=70.1"]
        build-backend = "setuptools.build_meta"
        [project]
        name = "crooked"
        version = "0"
        [tool.setuptools]
        packages = ["crooked"]
        [project.entry-points."htrdata.sources"]
        absent = "crooked.absent:Source"
        failing = "crooked.failing:Source"
        unnamed = "crooked:Source"
        number = "crooked:NUMBER"
        hollow = "crooked:hollow"
        itself = "crooked:itself"
        iam = "crooked:hollow"
        shared = "crooked:hollow"
        """,
    "crooked/__init__.py": """
        NUMBER = 7
        class Hollow:
            name = "hollow"
            def __repr__(self): return "Hollow()"
        def hollow(root): return Hollow()
        def itself(root): return Hollow
        """,
    "crooked/failing.py": "raise RuntimeError('no licence server')\n",
}
TWIN = {
    "pyproject.toml": """
        [build-system]
        requires = ["setuptools>=70.1"]
        build-backend = "setuptools.build_meta"
        [project]
        name = "twin"
        version = "0"
        [tool.setuptools]
        py-modules = []
        [project.entry-points."htrdata.sources"]
        shared = "twin:Source"
        """
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where pip has installed the page's package and two that are not as they should be."""
    for needed in ("pip", "setuptools"):
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed: packages cannot be built here")
    projects = tmp_path_factory.mktemp("projects")
    for project, files in (("logbook", shown_files()), ("crooked", CROOKED), ("twin", TWIN)):
        for name, text in files.items():
            (projects / project / name).parent.mkdir(parents=True, exist_ok=True)
            (projects / project / name).write_text(dedent(text), encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    offline = ["--no-deps", "--no-index", "--no-build-isolation", "--target", str(projects / "site")]
    wanted = [str(projects / name) for name in ("logbook", "crooked", "twin")]
    done = subprocess.run([*pip, *offline, *wanted], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return projects / "site"


def run(site: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs a Python that has the packages of a folder, and ours."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])},
        timeout=300,
    )


def htrdata(site: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return run(site, "-m", "htrdata", *arguments)


@pytest.fixture(scope="module")
def logbook(site: Path) -> Path:
    root = site.parent / "drawn"
    code = f"from pathlib import Path; from logbook_htr.sample import draw_sample; draw_sample(Path({str(root)!r}))"
    done = run(site, "-c", code)
    assert done.returncode == 0, done.stderr
    return root


def test_the_page_shows_a_whole_package_of_less_than_150_lines() -> None:
    files = shown_files()
    assert list(files) == [
        "pyproject.toml",
        "logbook_htr/__init__.py",
        "logbook_htr/source.py",
        "logbook_htr/README.md",
        "logbook_htr/sample.py",
        "tests/test_logbook.py",
    ]
    assert sum(len([line for line in text.splitlines() if line]) for text in files.values()) < 150


def test_its_own_tests_pass(site: Path) -> None:
    done = run(site, "-m", "pytest", "-q", "-p", "no:cacheprovider", site.parent / "logbook" / "tests")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^10 passed", done.stdout, re.MULTILINE)


def test_the_readme_is_installed_beside_the_reader(site: Path) -> None:
    assert "Licence: CC BY 4.0" in (site / "logbook_htr" / "README.md").read_text("utf-8")


def test_help_lists_sound_and_broken_sources(site: Path) -> None:
    done = htrdata(site, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"logbook +Build logbook, a source of the package logbook-htr\.", done.stdout)
    assert re.search(r"failing +Build failing, a source of the package crooked\.", done.stdout)
    done = htrdata(site, "logbook", "--help")
    assert done.returncode == 0
    assert "[default: $HTRDATA_HOME/logbook, else data/logbook]" in " ".join(done.stdout.split())


def test_the_command_builds_a_store(site: Path, logbook: Path, tmp_path: Path) -> None:
    done = htrdata(site, "logbook", "--root", logbook, "--out", tmp_path / "lmdb", "--workers", 2, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["name"], document["words"]) == ("logbook", 45)
    assert document["about"]["title"] == "Harbour Logbook"
    dropped = {reason: n for split in document["splits"].values() for reason, n in split["dropped"].items()}
    assert dropped.keys() == {"missing_annotation", "invalid_box", "not_in_split"}
    assert htrdata(site, "verify", tmp_path / "lmdb", "--decode").stdout.endswith("whole\n")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (
            "absent",
            "the package crooked offers the source 'absent' as crooked.absent:Source, which cannot be imported "
            "(ModuleNotFoundError: No module named 'crooked.absent'): mend it or uninstall the package",
        ),
        ("failing", "which cannot be imported (RuntimeError: no licence server): mend it"),
        ("unnamed", "which cannot be imported (AttributeError: module 'crooked' has no attribute 'Source'): mend it"),
        ("number", "as crooked:NUMBER, which is no function of a root folder but 7: its author must mend that"),
        ("hollow", "which gives Hollow(), no source: it has no info, "),
        ("itself", "no source: it has no name, info, "),
        ("iam", "the package crooked offers a source 'iam', but htrdata has a command of that name: have its entry"),
        ("shared", "both offer a source 'shared': uninstall one of them"),
        ("nobody", "No such command 'nobody'"),
    ],
)
def test_what_is_wrong_with_a_package_is_one_sentence(site: Path, tmp_path: Path, name: str, message: str) -> None:
    done = htrdata(site, name, "--root", tmp_path, "--out", tmp_path / "lmdb")
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []
