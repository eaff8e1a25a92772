"""htrdata: handwriting data sets, as their authors publish them, as verified LMDB word shards."""

__version__ = "0.1.0"
