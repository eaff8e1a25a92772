"""Pages with transcribed lines, as Transkribus, eScriptorium, kraken, Loghi or ABBYY export them: ALTO or PAGE XML.

`export.XmlExport` is the source; the README says what is read and how.
"""

from htrdata.sources.xml.export import XmlExport

__all__ = ["XmlExport"]
