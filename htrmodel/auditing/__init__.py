"""Label errors: words that a model reads, and is sure of, as something else than their labels say.

    folds -> crossfit (training) -> scoring -> findings, with a kind each -> report: CSV and page

No model judges words that it has learnt: they are dealt out to folds, by writer where these are known, and each fold is
judged by a model that was trained on the others (Northcutt et al., "Confident Learning", JAIR 2021, ranks so, too).

May import `htrdata.errors`, `htrdata.files`, `htrdata.images`, `htrdata.labels`, `htrdata.records`, `htrdata.store`,
`htrmodel.data`, `htrmodel.devices`, `htrmodel.judging`, `htrmodel.layers`, `htrmodel.recogniser`, `htrmodel.tokenizer`
and `htrmodel.training`.
"""
