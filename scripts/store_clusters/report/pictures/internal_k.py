"""Why this many internal clusters: the score of every number tried."""

from matplotlib.figure import Figure

from store_clusters.report.drawing.choice import draw_choice
from store_clusters.report.drawing.largest import clustered
from store_clusters.report.results import Results

TITLE = "number of internal clusters"
STAGE = "internal"
READS = ["final_clusters", "internal_clusters", "internal_k", "internal_k_scores"]


def draw(results: Results) -> Figure:
    """Draw the score that decided, for every number of clusters."""
    scores, chosen = results.frame("internal_k_scores"), results.frame("internal_k")
    return draw_choice(scores, chosen, "internal", clustered(results, "internal"))
