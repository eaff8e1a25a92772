"""The command line of htrmodel: commands, their options and help. The work is done elsewhere.

May import `htrdata.building`, `htrdata.cli`, `htrdata.errors`, `htrdata.files`, `htrdata.images`, `htrdata.labels`,
`htrdata.records`, `htrdata.sources`, `htrdata.store`, `htrdata.version`, `htrmodel.alignment`, `htrmodel.auditing`,
`htrmodel.checkpoint`, `htrmodel.config`, `htrmodel.data`, `htrmodel.devices`, `htrmodel.evaluation`,
`htrmodel.judging`, `htrmodel.language`, `htrmodel.reader`, `htrmodel.recogniser`, `htrmodel.runtime`,
`htrmodel.starter`, `htrmodel.training` and `htrmodel.voting`.
"""
