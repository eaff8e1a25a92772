"""Graphs with 8-bit integers in their trunk: four times as fast on processors that have VNNI, a quarter of the size.

The weights of the convolutions are rounded to int8, with a scale for each channel; what flows between them to uint8,
with scales found on images that the graph is shown (static quantisation). The first stage, whose grid a rounding error
would shift by pixels, the sequence stage and the decoder stay in float32. Processors without VNNI saturate inside of
such products: there the readings may be worse, not only slower.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from htrdata.errors import StorageError, importing
from htrdata.files.refusals import refusal

_TRUNK = "FeatureExtraction"
"""Stands in the names of the weights that are rounded."""

_KINDS = ["Conv", "Relu", "Add", "MaxPool"]
"""Of nodes that can work on 8 bits: a residual block stays in them from end to end."""

_BATCH = 16


def quantise(model: Any, inputs: NDArray[np.float32]) -> Any:
    """Quantises the trunk of a graph.

    Args:
        model: an ``onnx.ModelProto`` of `htrmodel.runtime.onnx_export`, in float32; it is left as it is.
        inputs: what the graph will be shown, float32 [N, 1, H, W]: some hundred words of the kind to read.

    Returns:
        Another ``onnx.ModelProto`` with the same inputs, outputs and metadata.

    Raises:
        MissingPackageError: ONNX Runtime is not installed.
        StorageError: there is no room for temporary files.
    """
    with importing("quantising", "onnx"):
        import onnx
        import onnx_ir
        from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)  # it advises to fold constants and batch norms first, which the exporter has done
    try:
        with tempfile.TemporaryDirectory(prefix="htrmodel-int8-") as folder:
            source, target = Path(folder, "float32.onnx"), Path(folder, "int8.onnx")
            source.write_bytes(model.SerializeToString())
            quantize_static(
                source,
                target,
                _Batches(inputs),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                op_types_to_quantize=_KINDS,
                nodes_to_quantize=list(_trunk(model.graph.node)),
            )
            quantised = onnx_ir.from_proto(onnx.load_model(target))
    except OSError as error:
        raise StorageError(f"cannot write temporary files in {tempfile.gettempdir()}: {refusal(error)}") from error
    finally:
        root.setLevel(level)
    # The quantiser's order of nodes forgets what the decoder's loop takes from outside; OpenVINO minds that.
    quantised.graph.sort()
    return onnx_ir.to_proto(quantised)


def _trunk(nodes: Any) -> Iterator[str]:
    """The names of the nodes from the first convolution of the trunk to what follows the last one."""
    of_trunk = [place for place, node in enumerate(nodes) if node.op_type == "Conv" and _TRUNK in node.input[1]]
    for node in nodes[of_trunk[0] : of_trunk[-1] + 2]:
        if node.op_type in _KINDS:
            yield node.name


class _Batches:
    """The inputs as ONNX Runtime asks for them."""

    def __init__(self, inputs: NDArray[np.float32]) -> None:
        self._batches = iter(np.split(inputs, range(_BATCH, len(inputs), _BATCH)))

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        batch = next(self._batches, None)
        return None if batch is None else {"images": batch}
