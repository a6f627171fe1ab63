"""What final clusters sell more and less of than the chain."""

from matplotlib.figure import Figure

from store_clusters.report.drawing.heat import draw_mix
from store_clusters.report.drawing.largest import placed, with_words
from store_clusters.report.results import Results

TITLE = "what final clusters sell"
STAGE = "final"
READS = ["final_clusters", "stability", "final_profiles", "labels"]


def draw(results: Results) -> Figure:
    """Draw the index of every final cluster by need state."""
    sold = results.frame("final_profiles", filters=[("track", "==", "internal")])
    sold = with_words(results, "internal", sold.rename(columns={"category": "group"}))
    return draw_mix(sold, "final_cluster", "final", placed(results))
