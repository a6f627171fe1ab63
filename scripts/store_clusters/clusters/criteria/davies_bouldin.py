"""How wide clusters are, beside the distance to the next (Davies and Bouldin 1979)."""

from store_clusters.clusters.trials import Choice, Score, Trial, best

NAME = "davies_bouldin"


def scores(trial: Trial) -> list[Score]:
    """Return the mean over clusters of the largest ratio with another, from 0."""
    from sklearn.metrics import davies_bouldin_score  # noqa: PLC0415, slow to import

    return [
        (one.k, NAME, float(davies_bouldin_score(one.values, one.labels)))
        for one in trial.partitions
    ]


def choose(trial: Trial, scores: list[Score]) -> Choice:
    """Take the number with the lowest score."""
    return best(NAME, scores, highest=False)
