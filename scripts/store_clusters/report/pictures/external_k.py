"""Why this many external clusters: the score of every number tried."""

from matplotlib.figure import Figure

from store_clusters.report.drawing.choice import draw_choice
from store_clusters.report.drawing.largest import clustered
from store_clusters.report.results import Results

TITLE = "number of external clusters"
STAGE = "external"
READS = ["external_clusters", "external_k", "external_k_scores"]


def draw(results: Results) -> Figure:
    """Draw the score that decided, for every number of clusters."""
    scores, chosen = results.frame("external_k_scores"), results.frame("external_k")
    return draw_choice(scores, chosen, "external", clustered(results, "external"))
