"""What internal clusters sell more and less of than the chain."""

from matplotlib.figure import Figure

from store_clusters.report.drawing.heat import draw_mix
from store_clusters.report.drawing.largest import clustered, with_words
from store_clusters.report.results import Results

TITLE = "what internal clusters sell"
STAGE = "internal"
READS = ["final_clusters", "internal_clusters", "internal_profiles", "labels"]


def draw(results: Results) -> Figure:
    """Draw the index of every internal cluster by need state."""
    profiles = with_words(results, "internal", results.frame("internal_profiles"))
    return draw_mix(profiles, "cluster", "internal", clustered(results, "internal"))
