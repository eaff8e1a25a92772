"""Drawn words without end: what to write, who writes it, and how the crop of each word looks.

    Synth(words=100_000)            # a source like any other: htrdata.build, htrdata synth

The modules, each after those that it needs:

    word_lists -> patterns, tables, invention -> vocabulary     what is written
    fonts -> writers                                            by whom, in what hand and on what paper
    frames -> inking, picture -> scene                          the pixels of crops

`written` puts them together: the words of a writer as a data set has them.
"""
