"""Transforms of external numbers, which make skewed features comparable.

A member has two functions, as the form may differ between features:

- ``choose(known: Floats) -> str``: the form for a feature with these known values (n_known,), by
  the name under which the table of parameters says it.
- ``apply(values: Floats, form: str) -> Floats``: the values in this form; NaN stays NaN.
"""

import numpy as np
import numpy.typing as npt

from store_clusters.run.registry import Registry

Floats = npt.NDArray[np.float64]
FEATURE_TRANSFORMS = Registry(__name__)
