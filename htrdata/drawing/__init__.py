"""Drawing: handwriting made by a program, as data sets in the genuine layouts and as words without end.

- `handwriting`: letters, strokes, ink and paper;
- `samples`: small data sets in the layout of Imgur5K, of IAM and of UNIPEN;
- `synth`: any number of words, each with its writer's hand, paper, light and lens: a source like any other;
- `unipen`: the words of UNIPEN, whose strokes people wrote, on such paper and through such a lens: another source.

May import `htrdata.errors`, `htrdata.files`, `htrdata.images`, `htrdata.labels`, `htrdata.records` and
`htrdata.sources`.
"""
