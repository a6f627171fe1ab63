"""What clusters foretell of stores' need-state mixes in months that they have not seen."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]


def mixes(sales: Floats) -> Floats:
    """Return shares of each store's sales, (n_stores, n_need_states)."""
    return np.asarray(sales / sales.sum(axis=1, keepdims=True))


def foretold(sales: Floats, codes: Labels) -> Floats:
    """Return the mix that each store's cluster sold together, the chain's for code -1."""
    result = np.empty_like(sales)
    for code in np.unique(codes):
        members = codes == code
        result[members] = mixes((sales[members] if code >= 0 else sales).sum(axis=0)[None])
    return result


def squares(expected: Floats, coming: Floats) -> float:
    """Return the squared distances of mixes from what was expected, weighted by sales."""
    return float(np.sum(coming.sum(axis=1, keepdims=True) * (mixes(coming) - expected) ** 2))


def explained(expected: Floats, coming: Floats) -> float:
    """Return the share of the squared distances from the chain's mix that is foretold."""
    return 1 - squares(expected, coming) / squares(mixes(coming.sum(axis=0)[None]), coming)
