"""Sine and powers of arrays, the same on every processor, and exact enough to draw with.

NumPy's own differ in the last bit, as it chooses among kernels by what the processor offers. These are polynomials
(least squares on Chebyshev nodes), evaluated by single sums and products, which IEEE 754 defines to the last bit.
Their error is about 1e-7 and, in float32, the rounding. Arrays are float32 or float64; results are of the same type.
"""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = TypeVar("Floats", NDArray[np.float32], NDArray[np.float64])

_SINE = (
    6.283182793407031,
    -41.34141938561692,
    81.59613875537877,
    -76.57968785098647,
    41.20374363352427,
    -12.268859940794714,
)
_EXP2 = (1.0, 0.6931472067106204, 0.2402210735583016, 0.05550327214208545, 0.009676037097880548, 0.0013400432165646065)
_LOG2 = tuple(2 / (k * 0.6931471805599453) for k in (1, 3, 5, 7))
_MIDDLE = 0.7071067811865476  # of the binary fractions, 1/2 to 1


def sine(angles: Floats) -> Floats:
    """The sine of angles in radians."""
    turns = angles * (0.5 / math.pi)
    turns -= np.rint(turns)
    series = _polynomial(_SINE, turns * turns)
    series *= turns
    return series


def exp2(values: Floats) -> Floats:
    """Two to the power of values, of which none is over 100 or below -100."""
    whole = np.rint(values)
    return np.ldexp(_polynomial(_EXP2, values - whole), whole.astype(np.int32))


def log2(values: Floats) -> Floats:
    """The logarithm, to base two, of values above zero."""
    fraction, exponent = np.frexp(values)
    small = values.copy()  # within 0.172 of zero; log x is twice its inverse hyperbolic tangent
    np.divide(fraction - _MIDDLE, fraction + _MIDDLE, out=small)
    series = _polynomial(_LOG2, small * small)
    series *= small
    series += exponent - 0.5
    return series


def _polynomial(coefficients: tuple[float, ...], x: Floats) -> Floats:
    """A polynomial by Horner's rule; the constant comes first."""
    total = x * coefficients[-1]
    for coefficient in coefficients[-2:0:-1]:
        total += coefficient
        total *= x
    total += coefficients[0]
    return total
