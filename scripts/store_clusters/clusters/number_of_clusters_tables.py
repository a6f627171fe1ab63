"""The number of clusters of each group: from the tables of a track, and back into tables."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from store_clusters.clusters.held_out import HeldOut
from store_clusters.clusters.independence import chance_independent
from store_clusters.clusters.limits import usable_size
from store_clusters.clusters.number_of_clusters import TooFewStores, choose_k
from store_clusters.clusters.options import ChooseK, Cluster
from store_clusters.clusters.prediction import Fit, Prediction, best_at_price, predict_sold
from store_clusters.clusters.trials import Choice
from store_clusters.features.reduction import beyond_chance
from store_clusters.run.errors import InputError, examples
from store_clusters.run.seeds import seed_for
from store_clusters.sales.whole_store import NeedStates
from store_clusters.tables.contracts import read_table
from store_clusters.tables.matrices import (
    as_columns,
    by_group,
    column,
    groups,
    matrices,
    read_matrices,
)

PERMUTATIONS = 40  # of the external features, to ask whether clusters are more than their product
STARTS = 10  # of k-means at most, for each number of clusters that is tried


@dataclass(frozen=True)
class NumberOfClusters:
    """The number of clusters of a group; a row of ``k`` and some of ``k_scores``."""

    group: str
    choice: Choice
    status: str
    stores: int  # in the fit
    explained: float = np.nan  # share of the variance of months held out, by so many clusters
    history: float = np.nan  # the same, by what each store itself sold in the other months
    chance_independent: float = np.nan  # external track, see `chance_independent`


class Chooser:
    """Chooses the number of clusters of each group of a track, from the tables of the track."""

    def __init__(
        self,
        files: Any,
        name: str,
        *,
        choosing: ChooseK,
        clustering: Cluster,
        transform: str,
        kind: str,
        seed: int,
    ):
        """Read the tables ``files``, the inputs of the rule; ``kind`` is ``internal.groups``.

        Raises:
            InputError: The number of clusters is ``fixed`` of a group that there is not.
        """
        self.name, self.files, self.seed = name, files, seed
        self.choosing, self.clustering, self.transform = choosing, clustering, transform
        self._components = {
            m.group: m for m in read_matrices(files.reduced, "reduced", "component")
        }
        self._outliers = by_group(files.outliers, "outliers")
        self._loadings = by_group(files.loadings, "loadings")
        self._sales = NeedStates(files.features, kind) if name == "internal" else None
        self.groups = [group for group, _ in groups(read_table(files.status, "store_status"))]
        known = set(self._sales.groups) if self._sales else {"all"}
        unknown = sorted(set(choosing.fixed) - known)
        if unknown:
            raise InputError(
                f"Configuration: {name}.choose_k.fixed: there is no {examples(unknown)}. Expected "
                f"{'categories' if self._sales else 'the group'} such as "
                f"{examples(sorted(known))}."
            )

    def choose(self, group: str) -> NumberOfClusters:
        """Choose the number of clusters of a group, which may have no eligible store.

        Raises:
            InputError: The stores are fewer than the smallest number of clusters to try.
        """
        values, min_size = np.empty((0, 1)), 1
        prediction: Prediction | None = None
        at_price: Callable[[range], int] | None = None
        if group in self._components:
            in_fit = self._in_fit(group)
            values = self._components[group].values[in_fit]
            min_size = usable_size(self.clustering.min_size, len(in_fit))
            if self._sales is not None:
                prediction, at_price = self._of_months_held_out(self._sales, group, min_size)
        choice = self._choose_k(
            group,
            values,
            usable=len(values) // min_size,
            prediction=prediction,
            at_price=at_price,
        )
        explained = history = np.nan
        if prediction is not None and 0 < choice.k <= len(prediction.explained):
            explained, history = float(prediction.explained[choice.k - 1]), prediction.history
        return NumberOfClusters(
            group,
            choice,
            self._status(group, choice),
            len(values),
            explained,
            history,
            np.nan if self._sales is not None else self._chance_independent(group, choice.k),
        )

    def _choose_k(self, group: str, values: np.ndarray, **held_out: Any) -> Choice:
        """Choose k; tell the user which setting is in the way when stores are few."""
        options, loadings = self.choosing, self._loadings.get(group)
        beyond = 0
        if loadings is not None:
            p = len(loadings["feature"].unique())
            shares = (column(loadings, name)[::p] for name in ("explained", "chance"))
            beyond = beyond_chance(*shares)
        try:
            return choose_k(
                values,
                smallest=options.min,
                largest=options.max,
                criterion=options.criterion,
                no_groups=options.no_groups,
                min_stores=options.min_stores,
                fixed=options.fixed.get(group),
                beyond_chance=beyond,
                algorithm=self.clustering.algorithm,
                seed=seed_for(self.seed, group, "choose_k"),
                **held_out,
            )
        except TooFewStores as error:
            raise InputError(
                f"{self.files.reduced}: group {group!r} of the {self.name} track has {error} "
                f"({self.name}.choose_k.min), not counting outliers. Lower "
                f"{self.name}.choose_k.min, or give the category more stores ({self.name} data or "
                "eligibility)."
            ) from error

    def _status(self, group: str, choice: Choice) -> str:
        loadings = self._loadings.get(group)
        one_feature = loadings is not None and len(loadings["feature"].unique()) == 1
        if self._sales is not None and choice.status == "identical_stores" and one_feature:
            return "one_need_state"
        return choice.status

    def _in_fit(self, group: str) -> np.ndarray:
        return ~column(self._outliers[group], "outlier")

    def _of_months_held_out(
        self, sales: NeedStates, group: str, min_size: int
    ) -> tuple[Prediction | None, Callable[[range], int] | None]:
        """Return what clusters explain of months held out, and which number is best at its price.

        Both are None without dates. Outliers count in the second: what they sell is money, too.
        """
        matrix, in_fit = self._components[group], self._in_fit(group)
        odd, even, categories = _halves(sales, group, matrix.stores)
        prediction = predict_sold(
            odd[in_fit],
            even[in_fit],
            range(self.choosing.min, self.choosing.max + 1),
            self.transform,
            seed_for(self.seed, group, "prediction"),
            parts=categories,
            min_size=min_size,
        )
        if prediction is None:
            return None, None
        fit = Fit(
            matrix.values,
            np.clip(odd + even, 0, None).sum(axis=1),
            self.clustering.algorithm,
            min(STARTS, self.clustering.starts),
            seed_for(self.seed, group, "cluster"),
            min_size,
        )
        held_out = HeldOut(odd, even, self.transform, categories)
        return prediction, partial(best_at_price, fit, held_out, prediction)

    def _chance_independent(self, group: str, k: int) -> float:
        """Return how often independent features would make external clusters as tight."""
        if k < 2:
            return np.nan
        imputed = read_table(self.files.imputed, "imputed")
        (filled,) = (m for m in matrices(imputed) if m.group == group)
        (estimated,) = (m for m in matrices(imputed, value="imputed") if m.group == group)
        left_out = read_table(self.files.redundant, "redundant")
        redundant = column(left_out, "feature")[column(left_out, "reason") == "redundant"]
        used = ~np.isin(filled.features.astype(str), redundant.astype(str))
        observed = np.where(estimated.values == 0, filled.values, np.nan)
        parameters = by_group(self.files.parameters, "normalize_parameters")[group]
        return chance_independent(
            observed[self._in_fit(group)][:, used],
            column(parameters, "source")[used],
            k,
            PERMUTATIONS,
            seed_for(self.seed, group, "independence"),
        )


def _halves(
    sales: NeedStates, group: str, stores: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return sales of odd and even months (NaN without dates), and each need state's category."""
    every, even = sales.sales(group), sales.sales(group, "even_sales")
    kept = np.isin(every.stores.astype(str), stores.astype(str))
    absent = np.isnan(every.values)  # in a category that the store does not sell
    odd_sales, even_sales = (
        np.where(absent, 0.0, values)[kept] for values in (every.values - even.values, even.values)
    )
    return odd_sales, even_sales, every.categories


def k_columns(chosen: Iterable[NumberOfClusters]) -> dict[str, list[Any]]:
    """Return the columns of ``k``."""
    rows = [
        (
            one.group,
            one.choice.k,
            one.stores,
            one.choice.criterion,
            one.status,
            one.choice.verdict,
            one.explained,
            one.history,
            one.chance_independent,
        )
        for one in chosen
    ]
    return as_columns(rows, "k")


def score_columns(chosen: Iterable[NumberOfClusters]) -> dict[str, list[Any]]:
    """Return the columns of ``k_scores``."""
    rows = [
        (one.group, k, name, score, k == one.choice.k)
        for one in chosen
        for k, name, score in one.choice.scores
    ]
    return as_columns(rows, "k_scores")
