"""Drawn words without end: what to write, who writes it, and how the crop of each word looks.

    Synth(words=100_000)            # a source like any other: htrdata.build, htrdata synth

vocabulary -> writers -> scene -> written: words, the hand and the paper of a writer, the pixels of crops, and the
words of a writer as a data set has them.
"""
