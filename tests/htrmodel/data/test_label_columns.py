"""Whole columns of labels against the policy label by label, and that against a plain reading of its definition."""

from __future__ import annotations

import re
from typing import NoReturn

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from htrdata.labels import ALNUM, PRINTABLE, Charset, LabelPolicy
from htrdata.records import Reason
from htrdata.store.columns import strings
from htrmodel.data.label_columns import REASONS, fold_labels, label_faults

# What regular expressions, case folding and UTF-8 are sensitive to.
AWKWARD = "\\]^-[.*ab ABZ09éÉßſİıΣσςKǅ\u0345ﬁ€\U0001f600\0"

labels = st.lists(st.text(st.sampled_from(AWKWARD) | st.characters(exclude_categories=["Cs"]), max_size=8), max_size=12)
charsets = st.builds(
    Charset,
    name=st.just("drawn"),
    characters=st.lists(st.sampled_from(AWKWARD), min_size=1, unique=True).map("".join),
    folds_case=st.booleans(),
) | st.sampled_from([ALNUM, PRINTABLE])


def reason(label: str, charset: Charset | None, max_length: int | None, max_steps: int | None) -> Reason | None:
    """The definition."""
    if not label:
        return Reason.EMPTY_LABEL
    if max_length is not None and len(label) > max_length:
        return Reason.TOO_LONG
    if max_steps is not None and len(re.sub(r"(.)(?=\1)", r"\1-", label, flags=re.DOTALL)) > max_steps:
        return Reason.TOO_LONG
    if charset is not None and any(character not in charset.characters for character in label):
        return Reason.OUT_OF_CHARSET
    return None


@settings(deadline=None)
@given(labels, st.none() | charsets, st.none() | st.integers(1, 9), st.none() | st.integers(1, 9), st.integers(0, 3))
@example(["\\", "]", "a\\]b"], Charset("brackets", "ab]\\"), None, None, 0)
@example(["ΑΣ", "İ", "K"], Charset("greek", "ας\u0307ik", folds_case=True), 2, None, 0)
@example(["aab", "aba", "aA", "aaa"], Charset("a", "ab", folds_case=True), None, 3, 0)
def test_labels_are_judged_as_one_by_one(
    texts: list[str], charset: Charset | None, max_length: int | None, max_steps: int | None, offset: int
) -> None:
    policy = LabelPolicy(charset, max_length, max_steps=max_steps)
    # A slice, as pieces of a manifest are.
    folded = fold_labels(strings(["x"] * offset + texts).slice(offset), policy)
    expected = [policy.fold(text) for text in texts]
    assert folded.to_pylist() == expected
    reasons = [REASONS[code] if code >= 0 else None for code in label_faults(folded, policy).tolist()]
    assert reasons == [policy.fault(text) for text in expected]
    assert reasons == [reason(text, charset, max_length, max_steps) for text in expected]


@settings(deadline=None)
@given(labels, charsets, st.none() | st.integers(1, 9))
def test_what_a_build_with_these_limits_keeps_is_what_the_columns_take(
    texts: list[str], charset: Charset, max_length: int | None
) -> None:
    stored = [label.text for text in texts if (label := LabelPolicy().apply(text)).text is not None]
    policy = LabelPolicy(charset, max_length)
    faults = label_faults(fold_labels(strings(stored), policy), policy)
    assert [REASONS[code] if code >= 0 else None for code in faults.tolist()] == [
        policy.apply(text).reason for text in stored
    ]


def test_labels_are_not_visited_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def visited(self: Charset, text: str) -> NoReturn:
        raise AssertionError(text)

    monkeypatch.setattr(Charset, "fold", visited)
    monkeypatch.setattr(Charset, "missing", visited)
    policy = LabelPolicy(PRINTABLE, 3)
    assert label_faults(fold_labels(strings(["abc", "é", "abcd"]), policy), policy).tolist() == [-1, 2, 1]
    assert fold_labels(strings(["Abc", "D-E"]), LabelPolicy(ALNUM)).to_pylist() == ["abc", "d-e"]
    with pytest.raises(AssertionError, match="É"):  # but those are, which have letters beyond ASCII
        fold_labels(strings(["Abc", "É"]), LabelPolicy(ALNUM))
