"""Imgur5K: words of photographs, by the annotations of its authors. See the README beside this file."""

from htrdata.sources.imgur5k.source import Imgur5K, read

__all__ = ["Imgur5K", "read"]
