"""Without an extra: whatever needs it says which one, and how to install it; nothing but an import is tried."""

from __future__ import annotations

import ast
import configparser
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import pytest

import htrmodel
from htrdata.errors import EXTRAS, MissingPackageError, importing

ROOT = Path(__file__).parents[1]
NAMES = {"Hershey-Fonts": "HersheyFonts", "opencv-python": "cv2", "pillow": "PIL"}
"""What a package is imported as, where that is not its name."""

BROUGHT = {"google": "onnx", "markupsafe": "jinja2", "onnx_ir": "onnxscript"}
"""Packages that others need, and bring."""

HOSTS = {"kraken"}
"""Programs that a module of ours is a plug-in of: it is they who import it."""

WITHOUT = """
import contextlib, io, json, sys
from htrdata.errors import EXTRAS
for package in EXTRAS:
    sys.modules[package] = None  # as if it were not there
import htrdata.cli.commands, htrmodel.cli.commands
said = {}
for program, *words in json.load(sys.stdin):
    sys.argv = [program, *words]
    with contextlib.redirect_stderr(io.StringIO()) as messages, contextlib.redirect_stdout(io.StringIO()):
        try:
            (htrdata if program == "htrdata" else htrmodel).cli.commands.main()
        except SystemExit as ended:
            code = ended.code
    said[" ".join([program, *words])] = [code, messages.getvalue()]
for name in htrmodel.__all__:
    try:
        said[name] = [0, "" if getattr(htrmodel, name) else "empty"]
    except htrdata.errors.MissingPackageError as error:
        said[name] = [2, str(error)]
json.dump(said, sys.stdout)
"""

COMMANDS = {
    "htrdata browse empty": "browse",
    "htrdata sample imgur5k --out drawn": "draw",
    "htrdata synth --words 10 --out drawn": "draw",
    "htrdata fetch imgur5k empty": "fetch",
    "htrdata fetch unipen empty": "fetch",
    "htrdata fetch dhsd empty": "fetch",
    "htrdata imgur5k empty --download": "fetch",
    "htrdata imgur5k empty --scheduler tcp://127.0.0.1:1": "cluster",
    "htrdata folder words.xlsx": "sheets",
    "htrmodel finetune --data empty": "model",
    "htrmodel evaluate --data empty": "model",
    "htrmodel evaluate --data empty --predictions words.csv": "model",
    "htrmodel predict word.png": "model",
    "htrmodel predict word.png --checkpoint words.onnx": "onnx",
    "htrmodel predict word.png --checkpoint words.onnx --runtime openvino": "openvino",
    "htrmodel info starter": "model",
    "htrmodel export starter words.onnx": "model",
    "htrmodel push starter me/hand": "model",
    "htrmodel pull me/hand": "model",
    "htrmodel align empty --out aligned": "model",
    "htrmodel audit empty --out audited": "model",
    "htrmodel lm words.txt --out lm.safetensors": "model",
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str]]:
    """Exit code and messages of each command, and each public name, where no extra is installed."""
    folder = tmp_path_factory.mktemp("without")
    (folder / "empty").mkdir()
    (folder / "word.png").write_bytes(b"")
    (folder / "words.onnx").write_bytes(b"")
    (folder / "words.xlsx").write_bytes(b"")
    (folder / "words.txt").write_text("one\n")
    typed = json.dumps([command.split() for command in COMMANDS])
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], input=typed, cwd=folder, capture_output=True, text=True, check=True
    )
    return {command: (code, messages) for command, (code, messages) in json.loads(done.stdout).items()}


@pytest.mark.parametrize(("command", "extra"), COMMANDS.items())
def test_a_command_names_the_extra_that_it_needs(command: str, extra: str, said: dict[str, tuple[int, str]]) -> None:
    code, messages = said[command]
    assert code == 2
    assert re.search(
        rf"^error: .* needs \w+, which is not installed: pip install 'htrdata\[{extra}\]'\n\Z", messages, re.M
    )


@pytest.mark.parametrize("name", [name for name in htrmodel.__all__ if name != "__version__"])
def test_a_public_name_is_there_or_names_the_extra(name: str, said: dict[str, tuple[int, str]]) -> None:
    code, message = said[name]
    free = name in ("Reading", "to_inputs", "predict")
    needs = rf"htrmodel\.{name} needs \w+, which is not installed: pip install 'htrdata\[model\]'"
    assert (code, message) == (0, "") if free else code == 2 and re.fullmatch(needs, message)


def _export() -> None:
    from htrmodel.recogniser import Recogniser
    from htrmodel.runtime.onnx_export import export_onnx

    export_onnx(cast(Recogniser, None), "words.onnx")


def _quantise() -> None:
    from htrmodel.runtime.quantising import quantise

    quantise(None, np.zeros((1, 1, 32, 100), np.float32))


def _openvino() -> None:
    from htrmodel.runtime.openvino_runner import OpenVinoRecogniser

    OpenVinoRecogniser("words.onnx")


def _evaluate() -> None:
    assert callable(htrmodel.evaluate)


@pytest.mark.parametrize(
    ("call", "package", "message"),
    [
        (_export, "onnx", "ONNX export needs onnx, which is not installed: pip install 'htrdata[onnx]'"),
        (_export, "onnxscript", "ONNX export needs onnxscript, which is not installed: pip install 'htrdata[onnx]'"),
        (_quantise, "onnxruntime", "quantising needs onnxruntime, which is not installed: pip install "),
        (
            _openvino,
            "onnx",
            "reading with OpenVINO needs onnx, which is not installed: pip install 'htrdata[openvino]'",
        ),
        (_evaluate, "htrmodel.evaluation.evaluating", ""),
    ],
)
def test_a_function_names_the_extra_that_it_needs(
    call: Callable[[], None], package: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ModuleNotFoundError, match=f"^{re.escape(message)}") as raised:
        call()
    assert isinstance(raised.value, MissingPackageError) == bool(message), "a module of ours is none of an extra's"


def test_a_package_that_is_broken_is_to_be_installed_anew() -> None:
    with (
        pytest.raises(MissingPackageError, match=r"this needs torch, which cannot be imported \(no _C\): pip install "),
        importing("this"),
    ):
        raise ImportError("no _C", name="torch._C")
    # Where memory is short, that is what the console says.
    with pytest.raises(ImportError, match="failed to map segment") as raised, importing("this"):
        raise ImportError("libx.so: failed to map segment", name="torch._C")
    assert not isinstance(raised.value, MissingPackageError)


def test_every_package_of_an_extra_is_known() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    base = _packages(setup["options"]["install_requires"])
    extras = {extra: _packages(lines) for extra, lines in setup["options.extras_require"].items()}
    for package, extra in EXTRAS.items():
        assert BROUGHT.get(package, package) in extras[extra]
    for path in sorted([*ROOT.glob("htrdata/**/*.py"), *ROOT.glob("htrmodel/**/*.py")]):
        for package in _imported(path) - base - HOSTS - set(EXTRAS) - {"htrdata", "htrmodel"}:
            assert package in BROUGHT, f"{path} imports {package}: add it to EXTRAS"


def _packages(lines: str) -> set[str]:
    """What the packages of a list of requirements are imported as."""
    names = [re.split("[<>=]", line)[0] for line in lines.split()]
    return {NAMES.get(name, name) for name in names}


def _imported(path: Path) -> set[str]:
    """The packages that a module imports anywhere, but for those of the standard library."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names)
