"""Checkpoints: recognisers in files, our own, clova's and AttentionHTR's, and what moves between them.

May import `htrdata.errors`, `htrdata.files`, `htrdata.labels`, `htrdata.version`, `htrmodel.config`, `htrmodel.layers`,
`htrmodel.recogniser` and `htrmodel.starter`.
"""
