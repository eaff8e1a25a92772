"""Training: recipes, the loop, exact resume, the folder of a run.

May import `htrdata.drawing`, `htrdata.errors`, `htrdata.files`, `htrdata.labels`, `htrdata.records`, `htrdata.store`,
`htrmodel.checkpoint`, `htrmodel.config`, `htrmodel.data`, `htrmodel.devices`, `htrmodel.judging`, `htrmodel.layers`,
`htrmodel.recogniser`, `htrmodel.recording`, `htrmodel.starter` and `htrmodel.tokenizer`.
"""
