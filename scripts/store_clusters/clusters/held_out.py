"""What does parting stores explain of their sales in months that did not part them?"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.spatial.distance import cdist
from scipy.special import ndtri

from store_clusters.clusters.placing import means_of
from store_clusters.features.normalization import columns_by, comparable_mixes

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int64]
ALPHA = 0.1  # chance that the lower bound of what a division explains more is above the truth


@dataclass(frozen=True)
class Gain:
    """What a division explains more than another, as a share of the variance of mixes."""

    mean: float
    low: float  # lower 90 % bound, over stores


class HeldOut:
    """The sales of a category's stores in odd and even months; each judges what the other made."""

    def __init__(
        self,
        odd: Floats,
        even: Floats,
        transform: str,
        parts: npt.NDArray[np.object_] | None = None,
    ):
        """Take (n_stores, n_need_states) sales of both halves, as for ``predict_mix``."""
        if parts is None:
            parts = np.full(odd.shape[1], "", dtype=object)
        self._given = odd, even, transform, parts
        self._columns = columns_by(parts)
        halves = np.clip(odd, 0, None), np.clip(even, 0, None)
        self._judges = [
            [
                Judge(predicting[:, part], judging[:, part], judging.sum() or 1.0)
                for part in self._columns
            ]
            for predicting, judging in (halves, halves[::-1])
        ]
        self._values = [with_means(comparable_mixes(x, parts, transform)[0]) for x in halves]
        self._weights = [np.sqrt(x.sum(axis=1)) for x in halves]
        nobody = np.zeros((2, len(odd)), dtype=np.int64)
        self._chain = self.errors(nobody)
        of_history = sum(judge.of_history.sum() for judges in self._judges for judge in judges)
        self._total = float(self._chain.sum())
        self.history = self.share(self._total - float(of_history))

    def of(self, stores: npt.NDArray[np.bool_]) -> "HeldOut":
        """Return the sales of some of the stores, marked in (n_stores,)."""
        if stores.all():
            return self
        odd, even, transform, parts = self._given
        return HeldOut(odd[stores], even[stores], transform, parts)

    def place(self, labels: Labels, among: Labels | None = None) -> Labels:
        """Place every store twice, by its mix in odd and in even months alone, (2, n_stores).

        A store goes to the nearest mean of the clusters ``labels`` (n_stores,) from 0, the store
        itself left out of its cluster's; so what the other half judges had no part in it. With
        ``among`` (2, n_stores), only stores with a value from 0 there take part; others get -1.
        """
        placed = np.full((2, len(labels)), -1, dtype=np.int64)
        k = int(labels.max()) + 1
        for half, (values, weights) in enumerate(zip(self._values, self._weights, strict=True)):
            shaping = (labels >= 0) & (weights > 0)
            if not shaping.any():
                placed[half] = np.maximum(labels, 0)
                continue
            cluster = np.where(shaping, labels, 0)
            counted = np.where(shaping, weights, 0.0)
            centres = means_of(values, cluster, k, counted)
            distances = cdist(values, centres, "sqeuclidean")
            in_cluster = np.bincount(cluster, counted, minlength=k)
            total = in_cluster[cluster]
            rest = np.maximum(total - counted, 1e-12)
            # leaving a store out moves its cluster's mean away from it by total / rest
            stores = np.flatnonzero(shaping)
            grown = (total / rest) ** 2
            distances[stores, cluster[stores]] *= np.where(total > counted, grown, 1.0)[stores]
            distances[:, in_cluster <= 0] = np.inf
            here = np.ones(len(labels), bool) if among is None else among[half] >= 0
            placed[half, here] = distances.argmin(axis=1)[here]
        return placed

    def errors(self, labels: Labels) -> Floats:
        """Return each store's squared errors, (n_stores,), when clusters (2, n_stores) predict."""
        return np.asarray(
            sum(
                judge.of(clusters)
                for judges, clusters in zip(self._judges, labels, strict=True)
                for judge in judges
            )
        )

    def explained(self, errors: Floats) -> float:
        """Return the share of the variance of mixes that errors (n_stores,) leave explained."""
        return self.share(self._total - float(errors.sum()))

    def share(self, squares: float) -> float:
        """Return squared errors as a share of those of the chain's mix, 0 where that has none."""
        return squares / self._total if self._total > 1e-12 else 0.0

    def gain(self, coarse: Floats, fine: Floats, tests: int = 1) -> Gain:
        """Compare the errors (n_stores,) of a division with those of a finer one.

        The bound is one-sided, of 90 % for all of so many ``tests`` together (Bonferroni).
        """
        less = coarse - fine
        moved = less[less != 0]
        spread = float(np.sqrt(np.sum((moved - moved.mean()) ** 2))) if len(moved) else 0.0
        total, errors = float(less.sum()), -float(ndtri(ALPHA / max(1, tests)))
        return Gain(self.share(total), self.share(total - errors * spread))


class Judge:
    """Squared errors of mixes that are predicted, weighted by sales as shares of ``total``.

    The mixes are those of one category in the months that judge.
    """

    def __init__(self, predicting: Floats, judging: Floats, total: float):
        """Take sales (n_stores, n_need_states) of the months that predict and that judge."""
        self._predicting, self._mix = predicting, _mixes(judging)
        self._weight = judging.sum(axis=1) / total

    def of(self, clusters: Labels) -> Floats:
        """Return the errors of what clusters (n_stores,) sold together, (n_stores,)."""
        return self._errors(_sold_together(self._predicting, clusters))

    @property
    def of_chain(self) -> Floats:
        """The errors of the chain's mix, (n_stores,)."""
        return self._errors(self._chain)

    @property
    def of_history(self) -> Floats:
        """The errors of each store's mix in the months that predict, (n_stores,)."""
        sold = self._predicting.sum(axis=1, keepdims=True) > 0
        return self._errors(np.where(sold, _mixes(self._predicting), self._chain))

    @property
    def _chain(self) -> Floats:
        return np.asarray(self._predicting.sum(axis=0) / (self._predicting.sum() or 1.0))

    def _errors(self, predicted: Floats) -> Floats:
        return np.asarray(self._weight * np.sum((self._mix - predicted) ** 2, axis=1))


def _mixes(sales: Floats) -> Floats:
    """Return shares of each row's sum, 0 where it is 0."""
    totals = sales.sum(axis=1, keepdims=True)
    return np.asarray(sales / np.where(totals > 0, totals, 1.0))


def with_means(values: Floats) -> Floats:
    """Return values with the mean of each column where unknown, 0 where none is known."""
    known = ~np.isnan(values)
    if known.all():
        return values
    sums, counts = np.where(known, values, 0.0).sum(axis=0), known.sum(axis=0)
    return np.where(known, values, sums / np.maximum(counts, 1))


def _sold_together(sales: Floats, labels: Labels) -> Floats:
    """Return the mix of each store's cluster, (n_stores, n_need_states)."""
    of = (labels[None] == np.arange(int(labels.max()) + 1)[:, None]).astype(float)
    return np.take(_mixes(of @ sales), labels, axis=0)
