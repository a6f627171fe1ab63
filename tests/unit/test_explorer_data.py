"""What the explorer holds comes out of it as it went in, and cannot break the page."""

import base64
import gzip
import json
from decimal import Decimal

import pyarrow as pa
import pytest

from store_clusters.describe.labels import Labels
from store_clusters.report.explorer_data import category_stores, packed, profile_of, regions_of
from store_clusters.report.pages import explorer


def unpacked(text: str) -> object:
    return json.loads(gzip.decompress(base64.b64decode(text)))


def test_data_is_packed_and_comes_back_the_same_bytes_each_time() -> None:
    data = {"names": ["Kids' Café", "</script>"], "numbers": [1, 2.5, None]}
    assert unpacked(packed(data)) == data
    assert packed(data) == packed(data)


def test_numbers_that_json_does_not_have_are_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        packed({"confidence": float("nan")})


def test_no_name_can_end_the_script_that_holds_it() -> None:
    name = "</script><script>alert(1)</script><!--"
    page = explorer.fill({"categories": [{"name": name}]}, [packed([name])])
    assert name not in page
    (line,) = [line for line in page.splitlines() if 'id="index"' in line]
    text = line.partition(">")[2].removesuffix("</script>")
    assert json.loads(text)["categories"][0]["name"] == name


def test_the_page_asks_nobody_for_anything() -> None:
    page = explorer.fill({}, [])
    assert 'src="http' not in page
    assert 'href="http' not in page
    assert "@import" not in page
    assert "window.DataTable=" in page


def test_stores_point_to_clusters_by_their_place() -> None:
    clusters = pa.table(
        {
            "store_id": ["007", "7", "8"],
            "final_cluster": ["2_1", "1_1", None],
            "next_cluster": ["1_1", None, None],
            "confidence": [0.98765, 1.0, None],
            "sales": [Decimal("12.34"), Decimal("0"), Decimal("-3")],
            "volume_tier": ["large", None, None],
            "status": ["clustered", "clustered", "no_sales"],
        }
    )
    texts = {name: ["a", None, None] for name in ("reasons", "against", "tip", "similar_1")}
    texts |= {"nearer": [True, None, None]}
    more = {name: ["b", None, None] for name in ("similar_2", "similar_3", "unusual", "folded")}
    found = category_stores(clusters, pa.table(texts | more), ["1_1", "2_1"])
    assert found["id"] == ["007", "7", "8"]
    assert found["cluster"] == [1, 0, -1]
    assert found["next"] == [0, -1, -1]
    assert found["confidence"] == [0.98765, 1.0, None]
    assert found["sales"] == [12.34, 0, -3]
    assert found["reasons"] == ["a", None, None]


def test_every_cluster_has_its_values_in_the_order_of_the_features() -> None:
    profiles = pa.table(
        {
            "final_cluster": ["2_1", "2_1", "1_1", "1_1"],
            "track": ["internal", "external"] * 2,
            "feature": ["Newborn", "demographics.median_income"] * 2,
            "unit": ["share", "number"] * 2,
            "value": [0.123456789, 51_234.5678, 0.5, None],
            "chain": [0.25, 50_000.0] * 2,
            "index": [49.3827, 102.469, 200.0, None],
            "distinguishable": [True, False, True, False],
            "driver": [1, None, 1, None],
        }
    )
    labels = Labels(
        {
            ("internal", "Babies", "Newborn"): ("first months", True),
            ("external", "all", "demographics.median_income"): ("median income", False),
        }
    )
    found = profile_of(profiles, ["1_1", "2_1"], "Babies", labels)
    assert [feature["words"] for feature in found["features"]] == ["first months", "median income"]
    assert [feature["named"] for feature in found["features"]] == [True, False]
    assert found["clusters"][0]["value"] == [0.5, None]
    assert found["clusters"][1]["value"] == [0.123457, 51234.6]
    assert found["clusters"][1]["index"] == [49.3827, 102.469]
    assert found["clusters"][1]["driver"] == [1, 0]
    assert profile_of(None, [], "Babies", labels) == {"features": [], "clusters": []}


def test_regions_are_listed_once_and_sorted() -> None:
    places = pa.table({"region": ["west", None, "east", "west"]})
    assert regions_of(places) == ["east", "west"]
