"""Transforms of shares of sales, which make the mixes of stores comparable.

A member has three functions. Shares are those of need states in a store's sales of one category,
(n_stores, n_need_states); ``total`` are the sales that they are shares of, (n_stores, 1) or as many
columns as there are shares.

- ``fit(sold: Floats) -> Fitted``: what it needs beside a store's own shares, from the sales of all
  stores (n_stores, n_need_states), none negative and every store with some.
- ``transform(share: Floats, total: Floats, fitted: Fitted) -> Floats``: the values that stores are
  compared by.
- ``inverse(values: Floats, total: Floats, fitted: Fitted) -> Floats``: the shares that values come
  from, NaN where a value depends on the store's other need states too.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from store_clusters.run.registry import Registry

Floats = npt.NDArray[np.float64]
MIX_TRANSFORMS = Registry(__name__)


@dataclass(frozen=True)
class Fitted:
    """What transforms need beside a store's own shares, each (n_need_states,); 0 where unused."""

    chain: Floats  # shares of the whole chain, towards which those of stores are drawn
    weight: Floats  # sales for which the chain's share counts beside the store's own
    zero: Floats  # share that stands for 0

    @classmethod
    def nothing(cls, need_states: int) -> "Fitted":
        """Return what transforms have that look at one store only."""
        return cls(*np.zeros((3, need_states)))
