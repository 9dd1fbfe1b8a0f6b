"""One integer hash, for a single number and for arrays, so that a mask and a row always agree."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_MASK = (1 << 64) - 1
_A, _B, _C = 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def mix(value: int) -> int:
    """64 well-mixed bits of a non-negative integer (splitmix64)."""
    z = (value * _A + _C) & _MASK
    z = ((z ^ (z >> 30)) * _B) & _MASK
    z = ((z ^ (z >> 27)) * _C) & _MASK
    return z ^ (z >> 31)


def mix_array(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """`mix` of every element; same bits as the scalar version."""
    z = values * np.uint64(_A) + np.uint64(_C)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(_B)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(_C)
    return z ^ (z >> np.uint64(31))


def hex32(value: int) -> str:
    """A 32-digit hexadecimal name, as RAWG names its image files."""
    first = mix(value)
    return f"{first:016x}{mix(first):016x}"
