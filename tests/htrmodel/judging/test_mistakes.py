from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz.distance import Levenshtein

from htrmodel.judging.mistakes import find_confusions, worst_readings
from htrmodel.judging.pairing import JudgedWord

texts = st.text(st.sampled_from("abcé𝒳"), max_size=7)


def test_confusions_by_hand() -> None:
    found = find_confusions([("clear", "dear"), ("house", "horse"), ("cat", "cats"), ("the", "the"), ("us", "rs")])
    assert found.substituted == {("l", "d"): 1, ("u", "r"): 2} or found.substituted == {("c", "d"): 1, ("u", "r"): 2}
    assert found.deleted.total() == 1
    assert found.inserted == {"s": 1}
    assert found.characters["e"] == 3
    assert found.top(1) == [("u", "r", 2)]
    assert found.as_json(1) == {
        "substitutions": 3,
        "deletions": 1,
        "insertions": 1,
        "top": [{"reference": "u", "reading": "r", "times": 2, "of": 2}],
    }


def test_nothing_read_and_nothing_there() -> None:
    found = find_confusions([("ab", ""), ("", "c")])
    assert (found.deleted, found.inserted, found.substituted) == ({"a": 1, "b": 1}, {"c": 1}, {})
    assert [row["of"] for row in found.as_json(9)["top"]] == [None, 1, 1]


@given(pairs=st.lists(st.tuples(texts, texts), max_size=6))
def test_edits_add_up(pairs: list[tuple[str, str]]) -> None:
    found = find_confusions(pairs)
    edits = found.substituted.total() + found.deleted.total() + found.inserted.total()
    assert edits == sum(Levenshtein.distance(*pair) for pair in pairs)
    assert found.characters.total() == sum(len(reference) for reference, _ in pairs)
    assert sum(times for _, _, times in found.top(1000)) == edits
    assert all(wanted != read for wanted, read in found.substituted)


def test_worst_readings() -> None:
    texts = {"d": ("cat", "cat"), "c": ("the", "bee"), "b": ("at", "be"), "a": ("ate", "bee"), "e": ("longest", "")}
    pairs = [(JudgedWord(name, "p", "page p", *pair, confidence=0.5), *pair) for name, pair in texts.items()]
    assert [word.id for word, _ in worst_readings(pairs, 9)] == ["e", "b", "a", "c"]
    assert worst_readings(pairs, 1) == [(JudgedWord("e", "p", "page p", "longest", "", confidence=0.5), 7)]
