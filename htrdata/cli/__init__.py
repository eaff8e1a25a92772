"""The command line of htrdata: commands, their options and help. The work is done elsewhere.

`console` runs commands, those of htrmodel too: errors as one sentence, exit codes, progress bars.

May import `htrdata.building`, `htrdata.drawing`, `htrdata.errors`, `htrdata.files`, `htrdata.images`, `htrdata.labels`,
`htrdata.records`, `htrdata.sources`, `htrdata.store`, `htrdata.version` and `htrdata.workers`.
"""
