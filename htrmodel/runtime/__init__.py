"""Runtimes: readers of images by torch, ONNX Runtime or OpenVINO, and the export that the latter two run.

May import `htrdata.errors`, `htrdata.files`, `htrdata.images`, `htrdata.labels`, `htrdata.records`, `htrdata.sources`,
`htrdata.store`, `htrmodel.alignment`, `htrmodel.checkpoint`, `htrmodel.config`, `htrmodel.data`, `htrmodel.devices`,
`htrmodel.inputs`, `htrmodel.layers`, `htrmodel.reader`, `htrmodel.recogniser`, `htrmodel.starter` and
`htrmodel.tokenizer`.
"""
