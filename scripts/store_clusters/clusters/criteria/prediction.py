"""What clusters explain of sales in months held out, less a price for each (with dates only)."""

from store_clusters.clusters.criteria import gap
from store_clusters.clusters.trials import Choice, Score, Trial, listed


def scores(trial: Trial) -> list[Score]:
    """Return the share of variance that 1, 2, ... clusters explain, and its standard error."""
    if trial.prediction is None:
        return []
    explained, error = trial.prediction.explained, trial.prediction.error
    return [*listed("prediction", explained), *listed("prediction_error", error)]


def choose(trial: Trial, scores: list[Score]) -> Choice:
    """Take the number that is best at its price; by the gap where nothing is held out."""
    if trial.at_price is None:
        return gap.choose(trial, scores)
    k = trial.at_price(trial.numbers)
    return Choice(k, "chosen" if k > 1 else "not_predictive", "prediction", scores)
