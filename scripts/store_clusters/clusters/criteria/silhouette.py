"""How much nearer stores are to their own cluster than to the next (Rousseeuw 1987)."""

from store_clusters.clusters.trials import Choice, Score, Trial, best

NAME = "silhouette"


def scores(trial: Trial) -> list[Score]:
    """Return the mean silhouette of the stores, -1 to 1."""
    from sklearn.metrics import silhouette_score  # noqa: PLC0415, slow to import

    return [
        (one.k, NAME, float(silhouette_score(one.distances, one.labels, metric="precomputed")))
        for one in trial.partitions
    ]


def choose(trial: Trial, scores: list[Score]) -> Choice:
    """Take the number with the highest score."""
    return best(NAME, scores, highest=True)
