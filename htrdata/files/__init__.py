"""Files: written so that they are there whole or not at all, and JSON of strangers read so that nothing is guessed.

May import `htrdata.errors`.
"""
