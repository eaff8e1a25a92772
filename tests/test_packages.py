"""The wheels: code without weights, small; and the weights, a distribution of their own of the same version."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
from click import ClickException

from htrdata.version import __version__
from htrmodel import starter
from htrmodel.language.shipped import LANGUAGES

ROOT = Path(__file__).parents[1]


def build_wheel(project: Path, packages: tuple[str, ...], out: Path) -> Path:
    """Builds a copy of a project, for a build leaves files beside the code, and takes what an earlier one has left."""
    copy = out / "source"
    copy.mkdir()
    for file in filter(Path.is_file, project.iterdir()):
        shutil.copy(file, copy)
    for package in packages:
        shutil.copytree(project / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    code = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code, str(out)], cwd=copy, check=True, capture_output=True)
    (wheel,) = out.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(ROOT, ("htrdata", "htrmodel"), tmp_path_factory.mktemp("code"))


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(ROOT / "weights", (starter.PACKAGE,), tmp_path_factory.mktemp("weights"))


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return message_from_bytes(archive.read(name))


def test_the_code_is_small_and_has_no_weights(wheel: Path) -> None:
    assert wheel.stat().st_size < 1_250_000
    names = names_in(wheel)
    assert {name.split("/")[0] for name in names} == {"htrdata", "htrmodel", f"htrdata-{__version__}.dist-info"}
    assert not [name for name in names if name.endswith((".safetensors", ".lm", ".pyc", ".png", ".ttf", ".mdb"))]


def test_the_code_has_every_file_that_the_checkout_has_but_for_what_only_people_read(wheel: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "htrdata", "htrmodel"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if tracked.returncode:
        pytest.skip("no git, or no checkout of it: this test asks it which files belong to the packages")
    files = {name for name in tracked.stdout.splitlines() if (ROOT / name).exists()}
    assert {name for name in files if not name.endswith(".md")} == names_in(wheel) & files


def test_a_base_install_needs_neither_torch_nor_what_draws(wheel: Path) -> None:
    required = [line for line in metadata(wheel).get_all("Requires-Dist", []) if "extra ==" not in line]
    names = {re.split(r"[^\w-]", line)[0].lower() for line in required}
    assert not names & {"torch", "hershey-fonts", "matplotlib", "htrmodel-weights", "onnx", "datasets"}


def test_the_weights_have_every_starter_with_its_graph_and_card_and_no_code(weights: Path) -> None:
    kinds = (".safetensors", ".onnx", ".md")
    files = {str(Path(file).with_suffix(kind)) for file in starter.STARTERS.values() for kind in kinds}
    names = names_in(weights)
    packed = {name.removeprefix(f"{starter.PACKAGE}/") for name in names if ".dist-info" not in name}
    languages = {*(f"{name}.lm" for name in LANGUAGES), "languages.md"}
    assert packed == {*files, *languages, "fonts.txt", "forecasts.json", "__init__.py"}
    assert {Path(name).name for name in names if "/licenses/" in name} == {"LICENSE", "NOTICE"}


def test_what_is_released_together_says_the_same(wheel: Path, weights: Path) -> None:
    of_code, of_weights = metadata(wheel), metadata(weights)
    for key in ("Version", "License-Expression", "Requires-Python"):
        assert of_code[key] == of_weights[key], key
    assert f"\nversion: {__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert (ROOT / "LICENSE").read_bytes() == (ROOT / "weights/LICENSE").read_bytes()


def test_every_set_of_extras_is_tried_before_a_release(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / ".ci"))
    dist, forms, installations = map(importlib.import_module, ("dist", "forms", "installations"))
    tried = {extra for one in installations.INSTALLATIONS for extra in one.extras.split(",")}
    assert tried == {"", "all"} | dist.all_extras()
    assert set(installations.FORMS) == set(forms.FORMS)
    for program in ("htrdata", "htrmodel"):
        shown = dist.readme_commands(ROOT, program)
        assert len(shown) >= 2, f"README and docs/first-steps.md have no first commands of {program}"
    assert dist.notes(ROOT, __version__).startswith(f"## {__version__}")
    dist.check_versions(ROOT, __version__)
    with pytest.raises(ClickException, match=r'weights/pyproject\.toml something else: write version = "9\.0\.0"'):
        dist.check_versions(ROOT, "9.0.0")


def test_only_a_tagged_commit_is_released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / ".ci"))
    dist = importlib.import_module("dist")
    monkeypatch.setattr(dist, "ROOT", tmp_path)

    def git(*words: str) -> None:
        named = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *named, *words], cwd=tmp_path, check=True, capture_output=True)

    def commit(changelog: str) -> None:
        (tmp_path / "CHANGELOG.md").write_text(changelog)
        git("add", "CHANGELOG.md")
        git("commit", "--message", "a")

    git("init")
    commit("## 1.2.3 (unreleased)\n")
    with pytest.raises(ClickException, match=r"no tag v1\.2\.3"):
        dist.check_tag("1.2.3")
    git("tag", "v1.2.3")
    with pytest.raises(ClickException, match=r"CHANGELOG\.md calls 1\.2\.3 unreleased"):
        dist.check_tag("1.2.3")
    commit("## 1.2.3 (2026-12-24)\n")
    git("tag", "--force", "v1.2.3")
    dist.check_tag("1.2.3")
    (tmp_path / "more").touch()
    with pytest.raises(ClickException, match="changes that are not committed"):
        dist.check_tag("1.2.3")
