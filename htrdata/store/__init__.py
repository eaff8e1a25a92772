"""The store: what is on disk after a build, its format, and how it is read back and checked.

Reading one word needs numpy, pyarrow and Pillow. Nothing here knows how a store is built.

May import `htrdata.errors`, `htrdata.files`, `htrdata.images`, `htrdata.labels` and `htrdata.records`.
"""
