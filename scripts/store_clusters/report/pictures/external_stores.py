"""Stores as points, by their surroundings."""

from matplotlib.figure import Figure

from store_clusters.report.drawing.plane import draw_plane
from store_clusters.report.results import Results

TITLE = "stores by surroundings"
STAGE = "external"
READS = ["external_clusters", "external_reduced", "external_loadings", "labels"]


def draw(results: Results) -> Figure:
    """Draw stores in the plane of the two components that they differ most in."""
    return draw_plane(results, "external")
