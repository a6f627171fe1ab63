"""Regression of each feature on the others in turn."""

import numpy as np

from store_clusters.features.imputers import Floats, Gaps, Parameter, fill_with, medians

SERVES = ("numeric",)
ROUNDS = 20


def fill(gaps: Gaps) -> tuple[Floats, list[Parameter]]:
    """Fill the gaps of one column after the other by regression on the others, again and again.

    It starts from medians, which fill the gaps at step 0; the value at step 1, 2, ... is the
    intercept where there is no predictor, else the coefficient of that column.

    Source: van Buuren and Groothuis-Oudshoorn (2011), mice.
    """
    constant, rows = fill_with(medians(gaps), gaps, "iterative")
    missing = np.isnan(gaps.filled)
    if not missing.any():
        return constant, rows
    # slow to import, and not needed without gaps
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401, PLC0415
    from sklearn.impute import IterativeImputer  # noqa: PLC0415
    from sklearn.linear_model import BayesianRidge  # noqa: PLC0415

    imputer = IterativeImputer(
        BayesianRidge(),
        max_iter=ROUNDS,
        tol=1e-3,
        initial_strategy="median",
        random_state=gaps.seed,
    )
    filled = np.asarray(imputer.fit_transform(gaps.filled))
    for number, step in enumerate(imputer.imputation_sequence_, start=1):
        column = int(step.feat_idx)
        if missing[:, column].any():
            terms = zip(step.neighbor_feat_idx, step.estimator.coef_, strict=True)
            weights = [(None, step.estimator.intercept_), *((int(p), w) for p, w in terms)]
            rows += [Parameter(column, "iterative", number, p, float(w)) for p, w in weights]
    return filled[:, gaps.columns], rows
