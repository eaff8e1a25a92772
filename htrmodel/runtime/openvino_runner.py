"""Reads words with an exported recogniser in OpenVINO: on Intel's and AMD's processors the fastest way, no torch.

It loads the same ONNX files as `htrmodel.runtime.onnx_runner`. Where torch trains later in the same process, that
process crashes (seen with OpenVINO 2026.4 and torch 2.13): read in a process of its own, as `htrmodel predict` does.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from htrdata.errors import SourceMissingError, importing
from htrdata.files.cores import thread_limit
from htrmodel.runtime.exported import ExportedRecogniser, damaged, told, unlike


class OpenVinoRecogniser(ExportedRecogniser):
    """A recogniser that `htrmodel.runtime.onnx_export` has written, in OpenVINO, on the CPU.

    What the file holds in float32 is computed in float32: left to itself OpenVINO would take bfloat16 where the
    processor has it, also for the grid of the rectification, which is then off by pixels.

    Args:
        path: the ONNX file.
        threads: CPU threads; 0 for all cores that this process may use.

    Attributes:
        config: what it was built from.

    Raises:
        MissingPackageError: OpenVINO is not installed.
        SourceMissingError: there is no such file.
        BadDataError: it is no ONNX file, a damaged one, or not one of ours.
        NotEnoughMemoryError: there is no memory for it.
    """

    def __init__(self, path: Path | str, threads: int = 0) -> None:
        with importing("reading with OpenVINO", "openvino"):
            import onnx
            import openvino
            from google.protobuf.message import DecodeError

        path = Path(path)
        if not path.is_file():
            raise SourceMissingError(f"no ONNX file at {path}")
        content = path.read_bytes()
        try:
            # OpenVINO does not keep the metadata.
            metadata = {entry.key: entry.value for entry in onnx.ModelProto.FromString(content).metadata_props}
        except DecodeError as error:
            raise damaged(path) from error
        super().__init__(path, metadata)
        core = openvino.Core()
        options = {
            "INFERENCE_PRECISION_HINT": "f32",
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads or thread_limit(),
        }
        try:
            self._model = core.compile_model(core.read_model(content), "CPU", options)
        except RuntimeError as error:
            raise told(error, damaged(path)) from error

    def best_classes(self, inputs: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Inputs [N, 1, H, W] to the best class of each step and its probability, [N, T] each."""
        try:
            outputs = self._model({"images": inputs})
            return outputs["ids"], outputs["probabilities"]
        except (RuntimeError, KeyError, ValueError) as error:
            raise told(error, unlike(self.name)) from error
