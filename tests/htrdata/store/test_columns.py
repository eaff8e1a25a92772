"""Columns through their buffers, against pyarrow's own conversion; and that this leaves pandas alone."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from htrdata.store.columns import codes, numbers, select, strings, take, truths

ints = st.lists(st.integers(-(2**31), 2**31 - 1), max_size=40)


@settings(deadline=None)
@given(ints, st.integers(0, 20))
def test_numbers(values: list[int], offset: int) -> None:
    assert numbers(pa.array(values, pa.int32()).slice(offset)).tolist() == values[offset:]


@settings(deadline=None)
@given(st.lists(st.booleans(), max_size=40), st.integers(0, 20))
def test_truths(values: list[bool], offset: int) -> None:
    assert truths(pa.array(values, pa.bool_()).slice(offset)).tolist() == values[offset:]


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_strings(values: list[str]) -> None:
    column = strings(values)
    column.validate(full=True)
    assert column.to_pylist() == values


@settings(deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "c", None]), max_size=40), st.integers(0, 20))
def test_codes(values: list[str | None], offset: int) -> None:
    column = pa.array(values, pa.string()).dictionary_encode().slice(offset)
    expected = [{"a": 5, "b": 0}.get(value, -1) if value is not None else -1 for value in values[offset:]]
    assert codes(column, {"a": 5, "b": 0}).tolist() == expected


@settings(deadline=None)
@given(st.lists(st.booleans(), max_size=40))
def test_select_and_take(mask: list[bool]) -> None:
    values = [str(i) for i in range(len(mask))]
    column = pa.array(values, pa.string())
    chosen = np.array(mask, np.bool_)
    assert select(column, chosen).to_pylist() == [value for value, keep in zip(values, mask, strict=True) if keep]
    backwards = np.arange(len(mask))[::-1]
    assert take(column, backwards).to_pylist() == values[::-1]
    assert take(pa.record_batch({"a": column}), backwards)["a"].to_pylist() == values[::-1]


def test_nothing_of_it_imports_pandas() -> None:
    code = (
        "import sys, numpy as np\n"
        "from htrdata.labels import ALNUM, LabelPolicy\n"
        "from htrdata.store.columns import select, strings, take, codes\n"
        "from htrmodel.data.label_columns import fold_labels, label_faults\n"
        "texts = strings(['Aé', 'b', 'c'])\n"
        "policy = LabelPolicy(ALNUM, 3)\n"
        "label_faults(fold_labels(texts, policy), policy)\n"
        "codes(texts.dictionary_encode(), {'b': 0})\n"
        "take(select(texts, np.array([True, False, True])), np.array([1]))\n"
        "print('pandas' in sys.modules, 'torch' in sys.modules)\n"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert printed.stdout.split() == ["False", "False"]
