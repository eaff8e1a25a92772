"""Building: from a source to a store.

plan -> parts (workers) -> manifest and shards in a stage -> the store. `builder` is the only module that knows the
order; every other one does one step.

May import `htrdata.errors`, `htrdata.files`, `htrdata.images`, `htrdata.labels`, `htrdata.records`, `htrdata.sources`,
`htrdata.store`, `htrdata.version` and `htrdata.workers`.
"""
