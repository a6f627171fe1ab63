"""What files say of stores is read by their own names, and what they get wrong is told."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from descriptions import external

from store_clusters.inputs.external import read_file, read_places
from store_clusters.run.errors import InputError

PLACED = {
    "store_id": "shop",
    "store_name": "sign",
    "region": "area",
    "latitude": "lat",
    "longitude": "lon",
}
TABLE = "shop,sign,area,lat,lon,income\n1,Ashby,north,51.5,-0.1,7\n2,,north,,,8\n"


def written(folder: Path, text: str, name: str = "stores.csv") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_features_are_all_columns_but_keys_names_and_those_excluded(tmp_path: Path) -> None:
    path = written(tmp_path, TABLE)
    plain = read_file(path, external("s", {"store_id": "shop", "store_name": "sign"}))
    assert list(plain.features) == ["area", "lat", "lon", "income"]
    assert plain.keys.to_pydict() == {"store_id": ["1", "2"], "date": [None, None]}
    fewer = read_file(path, external("s", {"store_id": "shop"}, exclude=["lat", "lon"]))
    assert list(fewer.features) == ["sign", "area", "income"]
    chosen = read_file(path, external("s", {"store_id": "shop"}, features=["income", "area"]))
    assert list(chosen.features) == ["income", "area"]


@pytest.mark.parametrize("option", ["features", "exclude", "categorical"])
def test_a_column_that_is_not_there_is_answered_with_the_nearest(
    tmp_path: Path, option: str
) -> None:
    path = written(tmp_path, TABLE)
    with pytest.raises(InputError) as error:
        read_file(path, external("s", {"store_id": "shop"}, **{option: ["incom"]}))
    assert str(error.value).startswith(
        f"{path}: {option} of the source 's' names 'incom', which is not a column. "
        "Did you mean 'income'? The file has 'shop', 'sign',"
    )


def test_a_file_without_stores_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "shop,income\n")
    with pytest.raises(InputError, match=r"stores.csv: the file has no rows. Expected stores\."):
        read_file(path, external("s", {"store_id": "shop"}))


def test_a_reading_without_a_store_or_a_day_is_told_by_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, "shop,day,income\n1,2024-01-31,5\n,2024-02-30,6\n")
    with pytest.raises(InputError, match=r"column 'shop' .* nothing in line 3"):
        read_file(path, external("s", {"store_id": "shop"}))
    with pytest.raises(InputError, match=r"column 'day' .* '2024-02-30' in line 3"):
        read_file(path, external("s", {"store_id": "income", "date": "day"}))


def test_places_have_the_names_that_we_use(tmp_path: Path) -> None:
    path = written(tmp_path, TABLE)
    found = read_places([path], external("s", PLACED))
    assert found["store_id"].tolist() == ["1", "2"]
    assert found["store_name"].fillna("").tolist() == ["Ashby", ""]
    assert found["region"].tolist() == ["north", "north"]
    np.testing.assert_array_equal(found["latitude"].astype(float), [51.5, np.nan])
    np.testing.assert_array_equal(found["longitude"].astype(float), [-0.1, np.nan])


def test_a_source_that_names_no_places_says_nothing_of_them(tmp_path: Path) -> None:
    found = read_places([written(tmp_path, TABLE)], external("s", {"store_id": "shop"}))
    assert list(found.columns) == ["store_id", "store_name", "region", "latitude", "longitude"]
    assert len(found) == 0


@pytest.mark.parametrize(
    ("column", "value", "fine"),
    [
        ("lat", "90", True),
        ("lat", "-90", True),
        ("lat", "90.1", False),
        ("lon", "90.1", True),
        ("lon", "-180", True),
        ("lon", "-180.1", False),
        ("lon", "west", False),
        ("lon", "", True),
    ],
)
def test_degrees_are_those_of_the_globe(
    tmp_path: Path, column: str, value: str, fine: bool
) -> None:
    rows = pd.DataFrame({"shop": ["1"], "sign": "", "area": "", "lat": "1", "lon": "1"})
    path = written(tmp_path, rows.assign(**{column: value}).to_csv(index=False))
    if fine:
        read_places([path], external("s", PLACED))
        return
    name, limit = {"lat": ("latitude", 90), "lon": ("longitude", 180)}[column]
    with pytest.raises(InputError) as error:
        read_places([path], external("s", PLACED))
    assert f"column '{column}' of the source 's' holds 1 values that are no {name}: " in str(
        error.value
    )
    assert f"Expected degrees from -{limit} to {limit}, or nothing." in str(error.value)
