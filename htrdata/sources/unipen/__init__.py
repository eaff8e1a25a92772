"""UNIPEN: words written on tablets, drawn from their pen strokes. See the README beside this file."""

from htrdata.sources.unipen.source import Unipen

__all__ = ["Unipen"]
