"""Algorithms that group stores; one file adds one, under the name that the configuration uses.

A member has

``fit(values, k, *, starts, seed, weights, sizes) -> (labels, rule)``
    Labels (n_stores,), 0..k-1, of (n_stores, n_components) values, and the ``Rule`` that places
    other stores; some labels may be unused. There are at least two clusters and as many distinct
    stores. ``starts`` is the number of random starts, of which the best is kept, and ``seed`` that
    of these; ``weights`` (n_stores,) say how much each store counts, None for all alike; ``sizes``
    are the fewest and the most stores of a cluster, None for no limits. The order of the stores is
    that of their values already.
``LIMITS_SIZES``
    Whether clusters keep ``sizes``; others take no notice of them.
``KMEANS``
    Whether clusters are those of k-means when no size is in the way: then many numbers of clusters
    can be compared quickly, from Ward's tree.

Scikit-learn is slow to import, so members import it where they use it.
"""

from store_clusters.run.registry import Registry

ALGORITHMS = Registry(__name__)
