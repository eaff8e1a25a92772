"""Recognisers read a split of a store, with torch or as exported graphs, and `htrmodel.judging.judging` judges them.

`evaluating` does both, `reading` is for torch and `graph_reading` for graphs, `helping` adds knowledge of a language,
`ensembles` lets several vote, and `forecasting` learns what confidences tell.

May import `htrdata.errors`, `htrdata.files`, `htrdata.labels`, `htrdata.store`, `htrmodel.checkpoint`, `htrmodel.data`,
`htrmodel.inputs`, `htrmodel.judging`, `htrmodel.language`, `htrmodel.reader`, `htrmodel.recogniser`,
`htrmodel.runtime`, `htrmodel.starter`, `htrmodel.tokenizer` and `htrmodel.voting`.
"""
