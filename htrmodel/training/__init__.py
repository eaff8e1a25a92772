"""Training: recipes, the loop, exact resume, the folder of a run.

May import `htrdata.errors`, `htrdata.files`, `htrdata.labels`, `htrmodel.checkpoint`, `htrmodel.config`,
`htrmodel.data`, `htrmodel.devices`, `htrmodel.judging`, `htrmodel.recogniser` and `htrmodel.tokenizer`.
"""
