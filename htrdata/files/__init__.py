"""Files: written so that they are there whole or not at all; JSON and LMDBs of strangers read, and nothing guessed.

May import `htrdata.errors`.
"""
