"""Sines, powers and logarithms against the C library's."""

from __future__ import annotations

import numpy as np
import pytest

from htrdata.drawing.elementary import exp2, log2, sine


@pytest.mark.parametrize(("dtype", "error"), [(np.float32, 4e-6), (np.float64, 2e-7)])
def test_agree_with_the_c_librarys(dtype: type[np.floating], error: float) -> None:
    angles = np.linspace(-20, 20, 9001).astype(dtype)
    powers = np.linspace(-20, 20, 9001).astype(dtype)
    values = np.concatenate([np.linspace(0.001, 3, 9000), 2.0 ** np.arange(-10, 11)]).astype(dtype)
    assert np.abs(sine(angles) - np.sin(angles.astype(np.float64))).max() < error
    assert np.abs(exp2(powers) / 2 ** powers.astype(np.float64) - 1).max() < error
    assert np.abs(log2(values) - np.log2(values.astype(np.float64))).max() < error
    for function, given in ((sine, angles), (exp2, powers), (log2, values)):
        before = given.copy()
        assert function(given).dtype == dtype
        assert np.array_equal(given, before)
