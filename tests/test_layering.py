"""Data flows one way: what may import what."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .import_contract import ALLOWED

ROOT = Path(__file__).parents[1]


def contract(folder: Path) -> list[str]:
    """What the import contract refuses of the packages in a folder."""
    command = [sys.executable, str(ROOT / "tests/import_contract.py")]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    printed = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=folder)
    assert not printed.stderr
    return printed.stdout.splitlines()


def test_every_import_is_on_the_list() -> None:
    assert contract(ROOT) == []


@pytest.mark.parametrize(
    ("file", "line", "refused"),
    [
        ("htrdata/sources/imgur5k/source.py", "from htrdata import build", "htrdata"),
        ("htrdata/sources/imgur5k/source.py", "import htrdata.building.builder", "htrdata.building.builder"),
        ("htrdata/files/writing.py", "import htrdata.cli", "htrdata.cli"),
        ("htrmodel/config/stages.py", "from htrdata.cli import console", "htrdata.cli.console"),
        ("htrmodel/data/samples.py", "from htrdata.building.plan import make_plan", "htrdata.building.plan"),
        ("htrmodel/cli/commands.py", "from htrdata.cli import build_options", "htrdata.cli.build_options"),
        ("htrmodel/judging/metrics.py", "def late() -> None:\n    import torch", "torch"),
        ("htrdata/store/shards.py", "import torch", "torch"),
    ],
)
def test_a_planted_import_is_refused(tmp_path: Path, file: str, line: str, refused: str) -> None:
    for package in ("htrdata", "htrmodel"):
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "*.safetensors")
        )
    path = tmp_path / file
    path.write_text(f"{path.read_text('utf-8')}\n\n{line}\n", "utf-8")
    module = file.removesuffix(".py").replace("/", ".")
    assert contract(tmp_path) == [f"{module} imports {refused}"]


def test_a_room_that_is_not_listed_is_refused(tmp_path: Path) -> None:
    for package in ("htrdata", "htrmodel"):
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "*.safetensors")
        )
    (tmp_path / "htrdata/attic.py").write_text("import htrdata.errors\n")
    assert contract(tmp_path) == ["htrdata.attic stands in a room without an entry in ALLOWED"]


@pytest.mark.parametrize(
    "room", [room for room in ALLOWED if (ROOT / room.replace(".", "/") / "__init__.py").is_file() and "." in room]
)
def test_folders_say_what_they_may_import(room: str) -> None:
    text = " ".join((ROOT / room.replace(".", "/") / "__init__.py").read_text("utf-8").split('"""')[1].split())
    said = re.search(r"May import (.*?)\.(?: |$)(?!py)", text)
    assert said is not None
    assert set(re.findall("`([a-z_.]+)`", said.group(1))) == ALLOWED[room]


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
