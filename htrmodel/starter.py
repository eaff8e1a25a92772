"""The starter weights: a start that needs no download.

They are a distribution of their own, `weights/`, since they are many times as large as the code, and many people
need none of them. Each is a checkpoint of ours with a model card of the same name that says how it was trained and how
well it reads. Nothing here imports torch.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from htrdata.errors import SourceMissingError

PACKAGE = "htrmodel_weights"
"""What the weights are installed as."""


def _find_folder() -> Path:
    """Where the weights are: in a checkout those that belong to it, else the installed package, there or not."""
    root = Path(__file__).parents[1]
    checkout = root / "weights" / PACKAGE
    if checkout.is_dir():
        return checkout
    found = importlib.util.find_spec(PACKAGE)
    return root / PACKAGE if found is None or found.origin is None else Path(found.origin).parent


FOLDER = _find_folder()

STARTERS = {
    "starter": "starter.safetensors",
    "starter-fast": "starter-fast.safetensors",
    "starter-lines": "starter-lines.safetensors",
}
"""The files by the names that stand for them wherever a checkpoint is asked for: with attention; with CTC, several
times faster; and for whole lines."""

KNOWS = "real and drawn handwriting"
"""What each was trained on, in a few words; its card has more."""

DEFAULT = Path("starter")
"""What the commands take where no checkpoint is named: the one that reads better; see the model cards."""

LINES = Path("starter-lines")
"""The same for lines."""


def find_checkpoint(place: Path | str) -> Path:
    """The file that is meant: that of a starter, by its name; otherwise the place itself.

    A file of one's own that has the name of a starter must be given with its folder.

    Raises:
        SourceMissingError: the installation lacks the starter.
    """
    file = STARTERS.get(str(place))
    if file is None:
        return Path(place)
    path = FOLDER / file
    if not path.is_file():
        raise SourceMissingError(
            f"this installation lacks the starter weights {str(place)!r}: there is no {path}; they are a package of "
            "their own: `pip install ./weights` in a checkout, or the release's htrmodel_weights-….whl; or name a "
            "checkpoint of your own"
        )
    return path


def graph_of(name: Path | str) -> Path | None:
    """The ONNX graph of a starter, in 8 and 16 bits, which reads without torch; None where the name is no starter's.

    Raises:
        SourceMissingError: the installation lacks it.
    """
    return None if str(name) not in STARTERS else find_checkpoint(name).with_suffix(".onnx")


def said_of(name: Path | str, option: str) -> str:
    """The sentence that a command says when it takes a starter by itself.

    Args:
        name: of the starter.
        option: how other weights are given, such as ``--checkpoint FILE``.
    """
    return f"{name} weights: trained on {KNOWS}; {option} takes others"
