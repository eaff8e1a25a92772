"""Runtimes: readers of images by torch, ONNX Runtime or OpenVINO, and the export that the latter two run.

May import everything of htrmodel but `htrmodel.training` and `htrmodel.cli`.
"""
