"""UNIPEN: words written on tablets, as pen strokes. See the README beside this file.

Strokes are no images: this folder reads a release and says which ink is which word; `htrdata.drawing.unipen` makes a
source of it.
"""

from htrdata.sources.unipen.release import Release, read_release
from htrdata.sources.unipen.segments import Ink, Segment, read_segments

__all__ = ["Ink", "Release", "Segment", "read_release", "read_segments"]
