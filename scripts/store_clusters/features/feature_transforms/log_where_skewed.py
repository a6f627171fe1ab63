"""The logarithm of features whose skewness exceeds 1, a signed one where some are not positive."""

import numpy as np

from store_clusters.features.feature_transforms import Floats

SKEWED = 1.0  # skewness above which a feature is transformed
FEWEST = 3  # known values; fewer have no skewness


def choose(known: Floats) -> str:
    """Return ``log`` for skewed features that are positive, ``signed_log`` for other skewed ones.

    Features that are not skewed stay as they are, ``none``.
    """
    if len(known) < FEWEST or known.std() == 0:
        return "none"
    skewness = np.mean(((known - known.mean()) / known.std()) ** 3)
    if skewness <= SKEWED:
        return "none"
    return "log" if known.min() > 0 else "signed_log"


def apply(values: Floats, form: str) -> Floats:
    """Return log(x), or sign(x) log(1 + |x|), or the values as they are."""
    if form == "log":
        return np.log(values)
    if form == "signed_log":
        return np.asarray(np.sign(values) * np.log1p(np.abs(values)))
    return values
