"""Images: decoding what cannot be trusted, cutting words out of pages, normalising and encoding them.

May import `htrdata.errors` and `htrdata.records`.
"""
