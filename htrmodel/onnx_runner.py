"""Reads words with an exported recogniser: ONNX Runtime, numpy and Pillow, no torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL.Image import Image

from htrdata.errors import BadDataError, SourceMissingError, UsageError
from htrmodel.config import RecogniserConfig
from htrmodel.images import to_inputs
from htrmodel.tokenizer import Reading, tokenizer_for


class OnnxRecogniser:
    """A recogniser that `htrmodel.export` has written.

    Args:
        path: the ONNX file.
        threads: CPU threads; 0 for all cores.

    Attributes:
        config: what it was built from.

    Raises:
        UsageError: ONNX Runtime is not installed.
        SourceMissingError: there is no such file.
        BadDataError: it is no ONNX file, a damaged one, or not one of ours.
    """

    def __init__(self, path: Path | str, threads: int = 0) -> None:
        try:
            import onnxruntime
            from onnxruntime.capi import onnxruntime_pybind11_state as errors
        except ImportError as error:
            raise UsageError("reading with ONNX needs ONNX Runtime: pip install 'htrdata[onnx]'") from error
        path = Path(path)
        if not path.is_file():
            raise SourceMissingError(f"no ONNX file at {path}")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except (errors.InvalidProtobuf, errors.InvalidGraph, errors.InvalidArgument, errors.Fail) as error:
            raise BadDataError(f"{path} is damaged, cut short or no ONNX file: export it again") from error
        try:
            record = json.loads(self._session.get_modelmeta().custom_metadata_map["htrmodel"])
            self.config = RecogniserConfig.from_dict(record["config"])
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            raise BadDataError(f"{path} has no 'htrmodel' entry: htrmodel did not export it") from error
        self._tokenizer = tokenizer_for(self.config)

    def read(self, images: Sequence[Image | Path | str], batch_size: int = 32) -> list[Reading]:
        """Reads images of words, greedily.

        Args:
            images: Pillow images or paths of image files.
            batch_size: how many are read at once.

        Raises:
            SourceMissingError: there is no such file.
            StorageError: it cannot be read.
            BadDataError: it is no image, or a damaged one.
        """
        readings: list[Reading] = []
        for start in range(0, len(images), batch_size):
            inputs = to_inputs(images[start : start + batch_size], self.config)
            ids, probabilities = self._session.run(["ids", "probabilities"], {"images": inputs})
            readings += self._tokenizer.readings(ids, np.log(probabilities))
        return readings
