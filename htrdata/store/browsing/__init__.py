"""A place to look through the words of a store: a local page, its index, and the corrections that are made there.

    table -> filtering -> answers -> app -> serving        (pictures and correcting beside it; page/ is for the browser)

`htrdata browse` is the command. Starlette and uvicorn are imported where they are used: the extra ``browse``.
"""
