"""Why this many final clusters: what fewer and more would explain."""

from matplotlib.figure import Figure

from store_clusters.report.drawing.largest import placed
from store_clusters.report.drawing.numbers import draw_numbers
from store_clusters.report.results import Results

TITLE = "why this many final clusters"
STAGE = "final"
READS = ["final_clusters", "stability", "numbers", "categories"]


def draw(results: Results) -> Figure:
    """Draw what every number of final clusters explains of sales held out."""
    numbers, categories = results.frame("numbers"), results.frame("categories")
    return draw_numbers(numbers, categories, placed(results))
