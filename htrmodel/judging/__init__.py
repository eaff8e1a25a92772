"""What a system has read, judged: metrics with intervals, by one protocol for every system.

May import `htrdata.errors`, `htrdata.files`, `htrdata.images`, `htrdata.labels`, `htrdata.records`, `htrdata.store` and
`htrdata.version`.
"""
