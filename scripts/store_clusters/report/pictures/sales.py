"""Where the sales went, as a waterfall."""

from decimal import Decimal

from matplotlib.figure import Figure

from store_clusters.report.drawing.waterfall import draw_sales
from store_clusters.report.results import Results

TITLE = "where the sales went"
STAGE = "final"
READS = ["run"]


def draw(results: Results) -> Figure:
    """Draw sales read, set aside by reason, and in final clusters."""
    sales = results.run["sales"]
    aside = {reason: Decimal(value) for reason, value in sales["set_aside_by_reason"].items()}
    return draw_sales(Decimal(sales["read"]), aside, Decimal(sales["clustered"]))
