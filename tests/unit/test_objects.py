"""Objects are found by a pattern, and copied as they are."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import s3

from store_clusters.inputs.copies import Copies
from store_clusters.inputs.objects import fetch, find_objects, put
from store_clusters.run.errors import InputError


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[dict[str, str]]:
    if reason := s3.why_not():
        pytest.skip(reason)
    with pytest.MonkeyPatch.context() as patch, s3.running() as variables:
        for name, value in variables.items():
            patch.setenv(name, value)
        for key in ("sales/a.csv", "sales/b c.csv.gz", "sales/2023/a.csv", "other.csv"):
            s3.put(variables, key, key.encode())
        yield variables


@pytest.mark.parametrize(
    ("pattern", "keys"),
    [
        ("sales/*.csv", ["sales/a.csv"]),
        ("sales/*", ["sales/a.csv", "sales/b c.csv.gz"]),
        ("sales/**/a.csv", ["sales/2023/a.csv", "sales/a.csv"]),
        ("*/?.csv", ["sales/a.csv"]),
        ("other.csv", ["other.csv"]),
    ],
)
def test_a_pattern_means_what_it_means_on_a_disk(pattern: str, keys: list[str]) -> None:
    found = find_objects(f"s3://{s3.BUCKET}/{pattern}", "inputs.sales.path")
    assert [one["url"] for one in found] == [f"s3://{s3.BUCKET}/{key}" for key in keys]


def test_objects_of_one_name_have_copies_apart() -> None:
    copies = Copies("results/inputs")
    files = copies.of({"path": f"s3://{s3.BUCKET}/sales/**/a.csv"}, "inputs.sales")
    assert len(set(files)) == 2
    assert all(file.startswith("results/inputs/sales/") for file in files)
    assert all(file.endswith("-a.csv") for file in files)
    assert "AWS_SECRET_ACCESS_KEY" in copies.variables


def test_an_object_comes_and_goes_unchanged(tmp_path: Path, server: dict[str, str]) -> None:
    large = bytes(range(256)) * 40_000
    (tmp_path / "large").write_bytes(large)
    put(tmp_path / "large", f"s3://{s3.BUCKET}/new/large.bin", "publish.large")
    (found,) = find_objects(f"s3://{s3.BUCKET}/new/large.bin", "inputs.sales.path")
    assert found["size"] == len(large)
    fetch(found["url"], found["size"], found["changed"], tmp_path / "copy", "inputs.sales")
    assert (tmp_path / "copy").read_bytes() == large
    with pytest.raises(InputError, match="replaced while the run went on"):
        fetch(found["url"], 7, found["changed"], tmp_path / "other", "inputs.sales")
    assert not (tmp_path / "other").exists()


def test_what_is_not_there_is_named_by_its_url() -> None:
    url = f"s3://{s3.BUCKET}/nowhere/*.csv"
    with pytest.raises(InputError, match=r"inputs\.sales\.path: no object matches 's3://chain/now"):
        find_objects(url, "inputs.sales.path")
    with pytest.raises(InputError, match=r"publish\.out \(s3://nobucket/x\): .*NO_SUCH_BUCKET"):
        put(__file__, "s3://nobucket/x", "publish.out")
