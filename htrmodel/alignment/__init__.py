"""Where the words of a line stand: forced alignment of its text with a CTC model that reads words.

`viterbi` finds the path, `emissions` and `fitted` what a model sees along a line, `cutting` the boxes; `lines` puts
them together for a line, `store` for all lines of a store, `table` writes them down, and `aligning` is the whole of it.
The README has what is measured.

May import `htrdata.errors`, `htrdata.files`, `htrdata.images`, `htrdata.labels`, `htrdata.records`, `htrdata.store`,
`htrmodel.checkpoint`, `htrmodel.config`, `htrmodel.devices`, `htrmodel.inputs`, `htrmodel.reader`,
`htrmodel.recogniser` and `htrmodel.tokenizer`.
"""
