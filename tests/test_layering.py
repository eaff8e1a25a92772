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
    writers = {"builder", "parts", "plan", "shards", "shard_writer", "manifest", "store", "workspace", "cli", "rows"}
    for path in (ROOT / "htrdata/sources").glob("*.py"):
        assert not imports(path) & {f"htrdata.{name}" for name in writers}, path


def test_only_the_command_line_imports_the_builder() -> None:
    users = {
        path.name
        for path in (ROOT / "htrdata").rglob("*.py")
        if "htrdata.builder" in imports(path) and path.name != "__init__.py"
    }
    assert users == {"cli_build.py"}


@pytest.mark.parametrize("module", ["htrdata", "htrdata.cli"])
def test_help_and_the_bare_package_are_fast(module: str) -> None:
    heavy = {"torch", "pandas", "pyarrow", "cv2", "numpy"}
    code = f"import sys, {module}; print(*sorted({heavy!r} & set(sys.modules)))"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout.split() == []


def test_reading_stores_needs_no_opencv() -> None:
    code = "import sys, htrdata.store, htrdata.images; print('cv2' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "False"
