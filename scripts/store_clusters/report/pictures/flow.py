"""How pairs of internal and external clusters became final ones."""

from matplotlib.figure import Figure

from store_clusters.report.drawing.final import draw_flow
from store_clusters.report.drawing.largest import largest
from store_clusters.report.results import Results

TITLE = "from pairs of clusters to final clusters"
STAGE = "final"
READS = ["final_clusters"]


def draw(results: Results) -> Figure:
    """Draw the stores of every pair and where they are in the end."""
    columns = ["category", "merged_cluster", "final_cluster", "reassigned"]
    return draw_flow(results.frame("final_clusters", columns), largest(results))
