"""Names of final clusters are unique, and sorted as people count."""

import pytest

from store_clusters.merge.names import by_number, cell_name, part_name


def test_names_are_sorted_by_number_then_by_letter() -> None:
    parts = [part_name("2_1", part) for part in range(60)]
    names = ["1_10", "2_0", *parts, "2_2", "10_1"]
    assert sorted(sorted(names), key=by_number) == names
    assert len(set(names)) == len(names)
    assert (parts[0], parts[25], parts[26], parts[53]) == ("2_1a", "2_1z", "2_1aa", "2_1bb")


def test_a_cell_is_named_after_both_clusters() -> None:
    assert cell_name(2, 13) == "2_13"
    assert by_number(cell_name(2, 13)) < by_number(cell_name(10, 0))


@pytest.mark.parametrize("name", ["", "2", "2_a", "2_1A"])
def test_other_names_are_not_sorted(name: str) -> None:
    with pytest.raises(ValueError, match="not the name of a cluster"):
        by_number(name)
