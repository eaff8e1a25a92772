"""Reading a word of a store needs numpy, pyarrow and Pillow, and nothing that builds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from htrdata.building.builder import build
from htrdata.building.options import BuildOptions

from ...stores import make_format_1

HEAVY = ("lmdb", "cv2", "pandas", "filelock", "jinja2", "click", "tqdm", "torch", "indexed_gzip", "HersheyFonts")

REFUSING = f"""
import sys

class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {HEAVY!r}:
            raise ImportError(f"{{name}} must not be needed")

sys.meta_path.insert(0, Refusing())
"""
READ = """
import sys, htrdata
words = htrdata.open(sys.argv[1])["val", "drawn"]
print(words[0].id, words[0].text, words[0].image.height, words[-1].id, len(words))
"""
LISTED = f"print(*sorted({{name.split('.')[0] for name in sys.modules}} & set({HEAVY!r})))"


@pytest.fixture(params=[1, 2])
def store(source: Any, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A store of either format."""
    build(source, tmp_path / "lmdb", BuildOptions(), workers=1)
    if request.param == 1:
        make_format_1(tmp_path / "lmdb")
    return tmp_path / "lmdb"


def run(code: str, *arguments: object) -> list[str]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def said(source: Any) -> str:
    """What `READ` prints of the words of val: boxes are 70 pixels high or more, crops 64."""
    words = [word for page in source.listed if page.split == "val" for word in page.words if word.text]
    return f"{words[0].id} {words[0].text} 64 {words[-1].id} {len(words)}"


def test_a_word_is_read_where_what_builds_cannot_be_imported(source: Any, store: Path) -> None:
    assert run(REFUSING + READ, store) == [said(source)]


def test_a_word_is_read_without_importing_it(source: Any, store: Path) -> None:
    assert run(READ + LISTED, store) == [said(source), ""]


def test_refusing_is_seen(store: Path) -> None:
    with pytest.raises(AssertionError, match="pandas must not be needed"):
        run(f"{REFUSING}\nimport sys, htrdata\nhtrdata.open(sys.argv[1]).dataset('drawn').manifest()", store)
    _, heavy = run(f"{READ}\nimport cv2, pandas\n{LISTED}", store)
    assert heavy == "cv2 pandas"


@pytest.mark.parametrize("module", ["htrmodel.judging.pairing", "htrdata.store.reading", "htrmodel.data.origins"])
def test_modules_that_read_import_nothing_that_builds(module: str) -> None:
    assert run(f"import sys, {module}\n{LISTED}") == [""]


def test_a_store_is_verified_without_pandas(store: Path) -> None:
    code = "import sys, htrdata; print(htrdata.verify(sys.argv[1], decode=True)[0].problems, 'pandas' in sys.modules)"
    assert run(code, store) == ["() False"]
