"""Reads words with an exported recogniser: ONNX Runtime, numpy and Pillow, no torch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from htrdata.errors import SourceMissingError, importing
from htrdata.files.cores import thread_limit
from htrdata.files.regular import is_utf8
from htrmodel.runtime.exported import ExportedRecogniser, damaged, told, unlike


class OnnxRecogniser(ExportedRecogniser):
    """A recogniser that `htrmodel.runtime.onnx_export` has written, in ONNX Runtime.

    Args:
        path: the ONNX file.
        threads: CPU threads; 0 for all cores that this process may use.

    Attributes:
        config: what it was built from.

    Raises:
        MissingPackageError: ONNX Runtime is not installed.
        SourceMissingError: there is no such file.
        BadDataError: it is no ONNX file, a damaged one, or not one of ours.
        NotEnoughMemoryError: there is no memory for it.
    """

    def __init__(self, path: Path | str, threads: int = 0) -> None:
        with importing("reading with ONNX", "onnx"):
            import onnxruntime
        path = Path(path)
        if not path.is_file():
            raise SourceMissingError(f"no ONNX file at {path}")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or thread_limit()
        content = str(path) if is_utf8(path) else path.read_bytes()
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:
            # ONNX Runtime has a dozen kinds of errors of its own.
            raise told(error, damaged(path)) from error
        super().__init__(path, self._session.get_modelmeta().custom_metadata_map)

    def best_classes(self, inputs: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Inputs [N, 1, H, W] to the best class of each step and its probability, [N, T] each."""
        try:
            ids, probabilities = self._session.run(["ids", "probabilities"], {"images": inputs})
        except Exception as error:
            # ONNX Runtime has a dozen kinds of errors of its own, and ValueErrors for names.
            raise told(error, unlike(self.name)) from error
        return ids, probabilities
