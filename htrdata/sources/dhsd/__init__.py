"""DHSD: German street and place names by 37 writers, each an image of its own.

    ROOT/train.csv, ROOT/test.csv            file_name,text,writer_id: 4,745 and 1,194 rows, writers in both
    ROOT/german_hw_data/writer1/1_0.png      256 x 64 pixels, RGBA

Four writers' rows of train are val (`htrdata/sources/open_words/dhsd.toml`); so val is by writers whom training has not
seen, and test, as published, is not.
"""

from htrdata.sources.dhsd.source import Dhsd

__all__ = ["Dhsd"]
