"""Variance between clusters over the variance within (Calinski and Harabasz 1974)."""

from store_clusters.clusters.trials import Choice, Score, Trial, best

NAME = "calinski_harabasz"


def scores(trial: Trial) -> list[Score]:
    """Return the ratio, each variance divided by its degrees of freedom."""
    from sklearn.metrics import calinski_harabasz_score  # noqa: PLC0415, slow to import

    return [
        (one.k, NAME, float(calinski_harabasz_score(one.values, one.labels)))
        for one in trial.partitions
    ]


def choose(trial: Trial, scores: list[Score]) -> Choice:
    """Take the number with the highest score."""
    return best(NAME, scores, highest=True)
