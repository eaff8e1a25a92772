"""``opt.txt``, in which the training programs of clova's benchmark and of AttentionHTR note their options.

Each start of a training adds a block of lines ``name: value``; the last one counts. The file lies beside the weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from htrdata.errors import BadDataError, UsageError
from htrdata.labels import CHARSETS, Charset
from htrmodel.checkpoint.settings import Settings
from htrmodel.config import STAGES, RecogniserConfig

NAME = "opt.txt"

_MOST_BYTES = 1_000_000

_STAGE_NAMES = dict(zip(("Transformation", "FeatureExtraction", "SequenceModeling", "Prediction"), STAGES, strict=True))


class OptFile:
    """The options beside a checkpoint.

    Args:
        path: of the file.

    Attributes:
        path: of the file.
        settings: those that weights leave open.

    Raises:
        BadDataError: it is no such file, or a value is none of those that the programs write.
        OSError: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._options = self._read()
        self.settings = Settings(
            charset=self._charset(),
            height=self._number("imgH"),
            width=self._number("imgW"),
            pad=self._truth("PAD"),
            max_length=self._number("batch_max_length"),
        )
        if self._truth("rgb"):
            raise BadDataError(
                f"{path} says rgb: True: its recogniser reads colour images, and those of grey ones are read"
            )

    def check(self, config: RecogniserConfig) -> None:
        """Makes sure that the options are of these weights.

        Raises:
            BadDataError: they name other stages or sizes.
        """
        mine: Mapping[str, object] = {
            **{name: getattr(config, stage) for name, stage in _STAGE_NAMES.items()},
            "output_channel": config.output_channel,
            "hidden_size": None if (config.sequence, config.prediction) == ("None", "CTC") else config.hidden_size,
            "num_fiducial": config.num_fiducial if config.transformation == "TPS" else None,
            "num_class": config.num_classes,
        }
        for name, value in mine.items():
            said = self._options.get(name)
            if value is not None and said is not None and said != str(value):
                raise BadDataError(
                    f"{self.path} is of other weights: it says {name}: {said[:60]}, these have {value}; move it away"
                )

    def _read(self) -> dict[str, str]:
        content = self.path.read_bytes()[:_MOST_BYTES]
        try:
            lines = content.decode().replace("\r\n", "\n").split("\n")
        except UnicodeDecodeError as error:
            raise BadDataError(f"{self.path} is not UTF-8: move it away") from error
        return dict(line.split(": ", 1) for line in lines if ": " in line)

    def _charset(self) -> Charset | None:
        characters = self._options.get("character")
        if characters is None:
            return None
        folds = self._truth("sensitive") is not True and characters == characters.lower()
        for known in CHARSETS.values():
            if (known.characters, known.folds_case) == (characters, folds):
                return known
        try:
            return Charset(NAME, characters, folds)
        except UsageError as error:
            raise BadDataError(f"{self.path} says character: {characters[:60]}: {error}; move it away") from error

    def _number(self, name: str) -> int | None:
        said = self._options.get(name)
        if said is None:
            return None
        if not (said.isascii() and said.isdigit() and len(said) < 7):
            raise BadDataError(f"{self.path} says {name}: {said[:60]}, which is no number of that kind: move it away")
        return int(said)

    def _truth(self, name: str) -> bool | None:
        said = self._options.get(name)
        if said not in (None, "True", "False"):
            raise BadDataError(f"{self.path} says {name}: {said[:60]}, which is neither True nor False: move it away")
        return None if said is None else said == "True"
