"""What a notebook shows of a store: its words as pictures, its data sets as tables."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING

from htrdata.records import SPLITS

if TYPE_CHECKING:
    from htrdata.store.reading import Dataset
    from htrdata.store.words import StoredWord, Words

MOST = 24
"""Words that are shown of many."""

_COLUMNS = 6


def word_html(word: StoredWord) -> str:
    """A word as its picture, with its text and its id below."""
    kind = "png" if word.encoded.startswith(b"\x89PNG") else "jpeg"
    picture = base64.b64encode(word.encoded).decode()
    return (
        f'<figure style="margin:0.5em;text-align:center"><img alt="{escape(word.text)}" style="max-width:16em" '
        f'src="data:image/{kind};base64,{picture}"><figcaption>{escape(word.text)}<br>'
        f"<small>{escape(word.id)}</small></figcaption></figure>"
    )


def words_html(words: Words) -> str:
    """The first of the words in rows of a table, and how many there are."""
    cells = [f"<td>{word_html(word)}</td>" for word in words[:MOST]]
    rows = (f"<tr>{''.join(cells[first : first + _COLUMNS])}</tr>" for first in range(0, len(cells), _COLUMNS))
    more = f", of which these are the first {MOST}" if len(words) > MOST else ""
    about = f"{len(words):,} words of {escape(words.split)}/{escape(words.dataset.name)}{more}"
    return f"<table><caption>{about}</caption>{''.join(rows)}</table>"


def datasets_html(caption: str, datasets: Iterable[Dataset]) -> str:
    """How many words each data set has in each split."""
    rows = []
    for dataset in datasets:
        counts = [dataset.count(split) for split in SPLITS]
        rows.append([dataset.name, *(f"{count:,}" if count else "" for count in counts), f"{sum(counts):,}"])
    head = _row("th", ["words", *SPLITS, "all"])
    body = "".join(_row("td", row) for row in rows)
    return f"<table><caption>{escape(caption)}</caption>{head}{body}</table>"


def _row(tag: str, cells: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"
