"""Graphs whose weights are stored in 16 bits: half the size. What runs them turns them back once, on loading."""

from __future__ import annotations

from typing import Any

import numpy as np

from htrdata.errors import UsageError, importing

LEAST = 1024
"""Numbers of a constant, at least: smaller ones (scales, biases, batch statistics, grids) stay as they are."""


def halve(model: Any) -> Any:
    """Stores the large constants of a graph in float16, and casts them.

    Args:
        model: an ``onnx.ModelProto`` of `htrmodel.runtime.onnx_export`; it is changed.

    Returns:
        The same model.

    Raises:
        MissingPackageError: ``onnx`` is not installed.
        UsageError: a weight is too large for float16.
    """
    with importing("ONNX export", "onnx"):
        import onnx
        from onnx import TensorProto, helper, numpy_helper
    graph = model.graph
    casts = []
    for place, constant in enumerate(graph.initializer):
        if constant.data_type != TensorProto.FLOAT or np.prod(constant.dims) < LEAST:
            continue
        values = numpy_helper.to_array(constant)
        if np.abs(values).max() > np.finfo(np.float16).max:
            raise UsageError(f"{constant.name} has a weight of {np.abs(values).max():g}, too large for 16 bits")
        name = f"{constant.name}_half"
        casts.append(helper.make_node("Cast", [name], [constant.name], name=f"{name}_cast", to=onnx.TensorProto.FLOAT))
        graph.initializer[place].CopyFrom(numpy_helper.from_array(values.astype(np.float16), name))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    return model
