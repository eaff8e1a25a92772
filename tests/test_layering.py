"""Data flows one way: what may import what."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def imports(path: Path) -> set[str]:
    """The modules that a file imports, anywhere in it, type checking included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_htrdata_never_imports_torch_or_htrmodel() -> None:
    for path in (ROOT / "htrdata").rglob("*.py"):
        tops = {name.split(".")[0] for name in imports(path)}
        assert not tops & {"torch", "htrmodel"}, path


def test_sources_know_nothing_of_stores() -> None:
    for path in (ROOT / "htrdata/sources").rglob("*.py"):
        used = {name.split(".")[1] for name in imports(path) if name.startswith("htrdata.")}
        assert not used & {"building", "store", "cli"}, path


def test_only_the_command_line_imports_the_builder() -> None:
    users = {
        path.name
        for path in (ROOT / "htrdata").rglob("*.py")
        if "htrdata.building.builder" in imports(path) and path.name != "__init__.py"
    }
    assert users == {"build_options.py"}


def packages_of(path: Path) -> set[str]:
    """The packages of htrmodel that a file imports from, and ``top`` for its modules outside of them."""
    parts = {name.split(".")[1] for name in imports(path) if name.startswith("htrmodel.")}
    packages = {"layers", "data", "judging", "training"}
    return (parts & packages) | ({"top"} if parts - packages else set())


def test_layers_know_no_data_and_judging_needs_no_torch() -> None:
    for path in (ROOT / "htrmodel/layers").glob("*.py"):
        assert packages_of(path) <= {"layers", "top"}, path
    for path in (ROOT / "htrmodel/judging").glob("*.py"):
        assert packages_of(path) <= {"judging", "top"}, path
        assert "torch" not in {name.split(".")[0] for name in imports(path)}, path
    for path in (ROOT / "htrmodel/data").glob("*.py"):
        assert "training" not in packages_of(path), path


def test_htrmodel_builds_no_stores() -> None:
    builders = {"building", "sources", "drawing"}
    for path in (ROOT / "htrmodel").rglob("*.py"):
        used = {name.split(".")[1] for name in imports(path) if name.startswith("htrdata.")}
        assert not used & builders, (path, used & builders)


@pytest.mark.parametrize(
    "module", ["htrdata", "htrdata.cli.commands", "htrmodel", "htrmodel.cli.commands", "htrmodel.judging.metrics"]
)
def test_help_and_the_bare_package_are_fast(module: str) -> None:
    heavy = {"torch", "pandas", "pyarrow", "cv2", *(() if module.endswith("metrics") else ("numpy",))}
    code = f"import sys, {module}; print(*sorted({heavy!r} & set(sys.modules)))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout.split() == []


def test_reading_stores_needs_no_opencv() -> None:
    code = "import sys, htrdata.store.reading, htrdata.images.codec; print('cv2' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "False"
