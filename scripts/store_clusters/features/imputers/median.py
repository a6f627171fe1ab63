"""The median of the stores that know the feature."""

from store_clusters.features.imputers import Floats, Gaps, Parameter, fill_with, medians

SERVES = ("numeric",)


def fill(gaps: Gaps) -> tuple[Floats, list[Parameter]]:
    """Fill each column with its median."""
    return fill_with(medians(gaps), gaps, "median")
