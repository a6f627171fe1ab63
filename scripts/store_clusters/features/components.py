"""Say in words what a component means."""

import numpy as np
import numpy.typing as npt

MOST_NAMES = 3  # features named at each end of a component


def describe_component(
    loadings: npt.NDArray[np.float64],
    features: npt.NDArray[np.object_],
    named: npt.NDArray[np.bool_] | None = None,
) -> str:
    """Say in words what a high score means, such as ``more income, area; less traffic``.

    Named are the features whose loading is at least half of the largest, that is which carry at
    least a quarter of its share of the squared loadings, strongest first, at most three each way.
    ``named`` (n_features,) says which may be named at all.
    """
    strength = np.round(np.abs(loadings), 9)
    order = np.argsort(-strength, kind="stable")
    told = [i for i in order if strength[i] >= strength.max() / 2 and (named is None or named[i])]
    parts = []
    for word, ways in (("more", loadings > 0), ("less", loadings < 0)):
        names = [str(features[i]) for i in told if ways[i]][:MOST_NAMES]
        if names:
            parts.append(f"{word} {', '.join(names)}")
    return "; ".join(parts) or "features that are not named"
