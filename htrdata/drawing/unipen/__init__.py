"""UNIPEN drawn: words whose strokes are real and whose picture is made. `htrdata.sources.unipen` reads the release."""

from htrdata.drawing.unipen.source import Unipen

__all__ = ["Unipen"]
