"""Images of words or lines with their texts, in any of the usual forms: see the README.

`rows` is what all forms come to; `text_tables`, `json_tables`, `arrow_tables`, `texts_beside` and `plain_shards` read
one form each; `finding` sees what there is in a folder, and `readings` which of it is meant; `image_names` finds the
images that a table names; `splitting` deals words out to splits; `source` puts all of it together.
"""

from htrdata.sources.folder.rows import Asked
from htrdata.sources.folder.source import Folder

__all__ = ["Asked", "Folder"]
