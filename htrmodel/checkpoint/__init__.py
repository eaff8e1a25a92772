"""Checkpoints: recognisers in files, our own, clova's and AttentionHTR's, and what moves between them.

May import `htrmodel.config`, `htrmodel.recogniser`, `htrmodel.layers` and `htrmodel.starter`.
"""
