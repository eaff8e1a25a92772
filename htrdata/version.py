"""The version of htrdata and htrmodel, which are released together."""

__version__ = "0.1.0"
