"""From shards to batches: which words a model can take, decoded once, in a seeded order.

May import `htrdata.errors`, `htrdata.files`, `htrdata.images`, `htrdata.labels`, `htrdata.records`, `htrdata.store`,
`htrdata.workers`, `htrmodel.config`, `htrmodel.inputs`, `htrmodel.layers` and `htrmodel.tokenizer`.
"""
