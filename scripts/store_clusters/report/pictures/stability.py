"""The evidence for every final cluster."""

from matplotlib.figure import Figure

from store_clusters.report.drawing.final import draw_stability
from store_clusters.report.drawing.largest import placed
from store_clusters.report.results import Results

TITLE = "evidence for final clusters"
STAGE = "final"
READS = ["final_clusters", "stability"]


def draw(results: Results) -> Figure:
    """Draw how stable final clusters are, and what slices explain."""
    return draw_stability(results.frame("stability"), placed(results))
