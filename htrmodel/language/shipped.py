"""The character models that come with the starter weights, by their names; their card is ``languages.md`` there."""

from __future__ import annotations

from pathlib import Path

from htrdata.errors import SourceMissingError
from htrmodel.starter import FOLDER

LANGUAGES = ("english", "french")
"""Those that there are: of novels of 1840 to 1920."""


def find_language(place: Path | str) -> Path:
    """The file that is meant: that of a shipped model, by its name; otherwise the place itself.

    A file of one's own that has such a name must be given with its folder.

    Raises:
        SourceMissingError: the installation lacks the model.
    """
    if str(place) not in LANGUAGES:
        return Path(place)
    path = FOLDER / f"{place}.lm"
    if not path.is_file():
        raise SourceMissingError(
            f"this installation lacks the language model {str(place)!r}: there is no {path}; it comes with the starter "
            "weights, a package of their own: `pip install ./weights` in a checkout, or the release's "
            "htrmodel_weights-….whl; or name a model of your own, of `htrmodel lm`"
        )
    return path
