"""Counts as sentences have them."""

from __future__ import annotations

import pytest

from htrdata.records.counting import plural


@pytest.mark.parametrize(
    ("count", "words", "told"),
    [
        (0, ("word",), "0 words"),
        (1, ("word",), "1 word"),
        (1_200, ("word",), "1,200 words"),
        (1, ("line left as it is", "lines left as they are"), "1 line left as it is"),
        (2, ("line left as it is", "lines left as they are"), "2 lines left as they are"),
    ],
)
def test_one_is_not_counted_like_many(count: int, words: tuple[str, ...], told: str) -> None:
    assert plural(count, *words) == told
