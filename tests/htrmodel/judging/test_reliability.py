"""Confidences against right readings."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from htrdata.store.reading import Dataset
from htrmodel.judging.judging import judge
from htrmodel.judging.predictions import Predictions
from htrmodel.judging.reliability import EDGES, reliability, reliability_of
from htrmodel.judging.report import judgement_text


def test_rows_and_error() -> None:
    found = reliability_of([0.0, 0.3, 0.92, 0.94, 1.0], [False, False, True, False, True])
    numbers = [number for number, _, _ in found.rows]
    assert numbers == [2, 0, 0, 0, 0, 2, 1]
    assert len(numbers) == len(EDGES) - 1
    assert found.rows[0][1:] == pytest.approx((0.15, 0.0))
    assert math.isnan(found.rows[1][1])
    assert found.rows[5][1:] == pytest.approx((0.93, 0.5))
    # Bins of a fifteenth: 0.0, 0.3 alone; 0.92 in the fourteenth; 0.94 and 1.0 in the last.
    assert found.error == pytest.approx((0.0 + 0.3 + 0.08 + 0.94) / 5)


def test_right_shares_have_no_error() -> None:
    assert reliability_of([0.75] * 4, [True, True, True, False]).error == 0


@pytest.mark.parametrize(("confidences", "shown"), [({"a": 0.9, "b": 0.2}, True), ({"a": 0.9}, False), ({}, False)])
def test_a_judgement_shows_it_where_all_confidences_are_known(
    make_dataset: Callable[..., Dataset], confidences: dict[str, float], shown: bool
) -> None:
    dataset = make_dataset([{"id": "a", "text": "one"}, {"id": "b", "text": "two"}])
    judgement = judge(Predictions({"a": "one", "b": "tow"}, {}, confidences), dataset, resamples=100)
    assert (reliability(judgement) is not None) == shown
    assert ("expected calibration error 15" in judgement_text(judgement)) == shown


def test_numbers_on_a_scale_of_their_own_are_no_probabilities(make_dataset: Callable[..., Dataset]) -> None:
    dataset = make_dataset([{"id": "a", "text": "one"}])
    assert reliability(judge(Predictions({"a": "one"}, {}, {"a": -3.5}), dataset, resamples=100)) is None
