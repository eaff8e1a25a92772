"""Files: written so that they are there whole or not at all; JSON and LMDBs of strangers read, and nothing guessed;
and what the files of the system say of the cores that are ours.

May import `htrdata.errors`.
"""
