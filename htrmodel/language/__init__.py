"""Knowledge of a language: how likely the letters of a word are, which words there are, and reading with both.

`counting` makes of texts a `model` of their characters, `lexicon` holds a list of words, `knowledge` weighs both in the
classes of a recogniser, `ctc_beam` and `attention_beam` search for the best text by pixels and language, and `reading`
is the reader that does so. `shipped` finds the models that come with the weights; `marks` are what printers set and
pens do not write. None of it is used unless somebody asks for it.

May import `htrdata.errors`, `htrdata.files`, `htrdata.labels`, `htrmodel.config`, `htrmodel.layers`, `htrmodel.reader`,
`htrmodel.recogniser`, `htrmodel.starter` and `htrmodel.tokenizer`.
"""
