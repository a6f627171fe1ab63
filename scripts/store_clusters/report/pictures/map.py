"""Where final clusters are."""

from matplotlib.figure import Figure

from store_clusters.report.drawing.largest import largest
from store_clusters.report.drawing.points import draw_map
from store_clusters.report.results import Results

TITLE = "where final clusters are"
STAGE = "final"
READS = ["final_clusters", "places"]
NEEDS = ["latitude"]


def draw(results: Results) -> Figure:
    """Draw stores with coordinates by final cluster."""
    clusters = results.frame("final_clusters", ["category", "store_id", "final_cluster"])
    places = results.frame("places").set_index("store_id")
    return draw_map(clusters, places, largest(results))
