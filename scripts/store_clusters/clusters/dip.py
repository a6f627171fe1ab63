"""The dip test: does a sample have more than one mode?"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Quantiles of sqrt(n) * dip for n = 400 uniform values, 3,000 draws; smaller n have smaller ones.
DIP_TAIL = np.array([1.0, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005])
DIP_QUANTILES = np.array([0.0, 0.3689, 0.4441, 0.4907, 0.5375, 0.5838, 0.6198, 0.6415])


def dip_statistic(values: Floats) -> float:
    """Return the dip of Hartigan and Hartigan (1985).

    It is the largest distance between the distribution of the values (n,) and the nearest
    unimodal one: at least 1 / 2n, at most 1/4. The modal interval shrinks until the greatest
    convex minorant to its left and the least concave majorant to its right are nearer to the
    distribution than they are to each other inside.
    """
    x, counts = np.unique(values, return_counts=True)
    above = np.cumsum(counts) / len(values)
    below = above - counts / len(values)
    dip = 0.5 / len(values)
    first, last = 0, len(x) - 1
    while last > first:
        inside = slice(first, last + 1)
        at, low, high = x[inside], below[inside], above[inside]
        convex, concave = _hull(at, low, 1), _hull(at, high, -1)
        minorant = np.interp(at, at[convex], low[convex])
        majorant = np.interp(at, at[concave], high[concave])
        at_convex = majorant[convex] - low[convex]
        at_concave = high[concave] - minorant[concave]
        apart = max(at_convex.max(), at_concave.max())
        if apart <= 2 * dip:
            break
        if at_convex.max() >= at_concave.max():
            left = int(convex[at_convex.argmax()])
            right = int(concave[np.searchsorted(concave, left)])
        else:
            right = int(concave[at_concave.argmax()])
            left = int(convex[np.searchsorted(convex, right, side="right") - 1])
        outside_left = np.max(high[: left + 1] - minorant[: left + 1])
        outside_right = np.max(majorant[right:] - low[right:])
        dip = max(dip, outside_left / 2, outside_right / 2)
        if (left, right) == (0, last - first) or apart <= 2 * dip:
            break
        first, last = first + left, first + right
    return float(dip)


def dip_p_value(values: Floats) -> float:
    """Return how often uniform values, the unimodal ones hardest to tell, have as large a dip."""
    scaled = np.sqrt(len(values)) * dip_statistic(values)
    if scaled <= DIP_QUANTILES[-1]:
        return float(np.exp(np.interp(scaled, DIP_QUANTILES, np.log(DIP_TAIL))))
    middle, end = DIP_QUANTILES[4], DIP_QUANTILES[-1]  # beyond, like a normal tail
    rate = np.log(DIP_TAIL[4] / DIP_TAIL[-1]) / (end**2 - middle**2)
    return float(DIP_TAIL[-1] * np.exp(-rate * (scaled**2 - end**2)))


def _hull(x: Floats, y: Floats, side: int) -> npt.NDArray[np.int64]:
    """Indices of the lower (side 1) or upper (side -1) convex hull of points sorted by x."""
    hull: list[int] = []
    for i in range(len(x)):
        while len(hull) > 1:
            a, b = hull[-2], hull[-1]
            turn = (x[b] - x[a]) * (y[i] - y[a]) - (y[b] - y[a]) * (x[i] - x[a])
            if side * turn > 0:
                break
            hull.pop()
        hull.append(i)
    return np.array(hull)
