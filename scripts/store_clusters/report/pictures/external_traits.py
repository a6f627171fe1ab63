"""What external clusters are like, beside all other stores."""

from matplotlib.figure import Figure

from store_clusters.report.drawing.heat import draw_surroundings
from store_clusters.report.drawing.largest import with_words
from store_clusters.report.results import Results

TITLE = "what external clusters are like"
STAGE = "final"  # profiles count sales, so that they follow from both tracks
READS = ["external_profiles", "labels"]


def draw(results: Results) -> Figure:
    """Draw how far every external cluster lies from the others, feature by feature."""
    return draw_surroundings(with_words(results, "external", results.frame("external_profiles")))
