"""Stores as points, by what they sell."""

from matplotlib.figure import Figure

from store_clusters.report.drawing.plane import draw_plane
from store_clusters.report.results import Results

TITLE = "stores by sales mix"
STAGE = "internal"
READS = ["final_clusters", "internal_clusters", "internal_reduced", "internal_loadings", "labels"]


def draw(results: Results) -> Figure:
    """Draw stores in the plane of the two components that they differ most in."""
    return draw_plane(results, "internal")
