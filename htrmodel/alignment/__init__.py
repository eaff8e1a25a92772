"""Where the words of a line stand: forced alignment of its text with a CTC model that reads words.

`viterbi` finds the path, `emissions` what a model sees along a line, `cutting` the boxes; `lines` puts them together
for a line, `store` for all lines of a store, and `table` writes them down. The README has what is measured.

May import `htrdata.errors`, `htrdata.files`, `htrdata.images`, `htrdata.labels`, `htrdata.records`, `htrdata.store`,
`htrmodel.config`, `htrmodel.inputs`, `htrmodel.recogniser` and `htrmodel.tokenizer`.
"""
