"""The same pixels whatever the processor offers: what is drawn, cut, reduced, straightened and encoded, byte for byte.

A process that may not use some instructions stands for a processor that lacks them. Its libraries are asked whether
they obeyed; where they did not, or have nothing to give up, nothing is compared.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from numpy._core._multiarray_umath import __cpu_dispatch__  # type: ignore[import-not-found]

_WORK = """
import hashlib, json, sys
from pathlib import Path
import cv2
from numpy._core._multiarray_umath import __cpu_features__
from htrdata.building.builder import build
from htrdata.building.options import BuildOptions
from htrdata.drawing.samples.iam import draw_sample as draw_iam
from htrdata.drawing.samples.imgur5k import draw_sample as draw_imgur5k
from htrdata.drawing.synth.source import Synth
from htrdata.images.normalisation import Operation
from htrdata.sources.imgur5k import Imgur5K

def digest(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in files)).hexdigest()

def content(source, name, options):
    build(source, name, options, workers=1)
    return json.loads((name / source.name / "dataset.json").read_text())["content_digest"]

root = Path(sys.argv[1])
draw_imgur5k(root / "imgur5k", pages=4, words_per_page=12, megapixels=(0.2, 0.5))
draw_iam(root / "iam", forms=5, scale=0.3)
pages = Imgur5K(root / "imgur5k")
turned = BuildOptions(normalise=(Operation.BACKGROUND, Operation.CONTRAST, Operation.DESKEW, Operation.SLANT))
print(json.dumps({
    "AVX2 in OpenCV": cv2.checkHardwareSupport(11),
    "IPP in OpenCV": cv2.ipp.useIPP(),
    "NumPy's features": sorted(name for name, there in __cpu_features__.items() if there),
    "pages of imgur5k": digest(root / "imgur5k" / "images"),
    "forms of iam": digest(root / "iam"),
    "crops": content(pages, root / "a", BuildOptions()),
    "crops in colour": content(pages, root / "b", BuildOptions(height=0, color="rgb")),
    "crops that are straightened": content(pages, root / "c", turned),
    "drawn words": content(Synth(150, diacritics=True), root / "d", BuildOptions()),
}))
"""


def work(folder: Path, **variables: str) -> dict[str, object]:
    """Does the work in a process of its own with these variables."""
    folder.mkdir()
    command = [sys.executable, "-W", "ignore", "-c", _WORK, str(folder)]
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def as_it_is(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    return work(tmp_path_factory.mktemp("processor") / "as it is")


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("OPENCV_CPU_DISABLE", "AVX2,FMA3,AVX512_SKX,AVX512-SKX,AVX", "AVX2 in OpenCV"),
        ("OPENCV_IPP", "disabled", "IPP in OpenCV"),
        ("NPY_DISABLE_CPU_FEATURES", ",".join(set(__cpu_dispatch__) & {"AVX512_SKX", "X86_V4"}), "NumPy's features"),
        ("NPY_DISABLE_CPU_FEATURES", ",".join(__cpu_dispatch__), "NumPy's features"),
    ],
    ids=["OpenCV without AVX", "OpenCV without IPP", "NumPy without AVX-512", "NumPy without any choice"],
)
def test_the_same_bytes_without_some_of_the_processors_instructions(
    variable: str, value: str, told: str, as_it_is: dict[str, object], tmp_path: Path
) -> None:
    found = work(tmp_path / "without", **{variable: value})
    if found[told] == as_it_is[told]:
        pytest.skip(f"{variable}={value} changes nothing here: {told}: {found[told]}")
    made = [key for key in found if key not in ("AVX2 in OpenCV", "IPP in OpenCV", "NumPy's features")]
    assert len(made) == 6
    assert {key: found[key] for key in made} == {key: as_it_is[key] for key in made}
