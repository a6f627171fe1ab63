"""The scenarios are what they say, and the benchmark runs from one end to the other."""

from dataclasses import replace
from datetime import date

import battery
import numpy as np
import pandas as pd
import pytest
import real_sales
from competitors import Result, cross_and_fold, old_method, oracle, smallest_cluster, why_no_r
from conftest import Project
from held_out import explained, foretold
from independent import size
from ours import config, halves_of, project_defaults
from real_sales import folded_kmeans, until_enough
from run import (
    ENTRIES,
    judge_coming,
    judge_confidence,
    main,
    placed_right,
    plain_kmeans,
    plan,
    run_job,
)
from settings import assign
from simulate import CATEGORIES, EXTERNALS, JOINTS, Scenario, even_months
from sklearn.metrics import adjusted_rand_score, roc_auc_score
from summary import curves
from threadpoolctl import threadpool_limits

from store_clusters.clusters.prediction import predict_sold


@pytest.fixture(autouse=True)
def one_thread():
    with threadpool_limits(1):
        yield


def make(name: str, seed: int = 0, stores: int = 120) -> Scenario:
    return ENTRIES[name].make(seed, stores)


@pytest.mark.parametrize("name", ENTRIES)
def test_every_scenario_has_its_size_and_its_seed_decides_it(name):
    first, again, other = make(name), make(name), make(name, seed=1)
    assert first.stores == 120
    for scenario in (first, other):
        assert all(len(sales) == 120 for sales in scenario.sales.values())
        assert len(scenario.external) == 120
        assert set(scenario.structure.values()) <= {"groups", "none", "gradient"}
        for track, structure in scenario.structure.items():
            assert (len(np.unique(scenario.truth(track))) > 1) == (structure == "groups")
    assert all(np.array_equal(first.sales[key], again.sales[key]) for key in first.sales)
    pd.testing.assert_frame_equal(first.external, again.external)
    assert np.array_equal(first.truth_joint, again.truth_joint)
    same_sales = all(np.array_equal(first.sales[key], other.sales[key]) for key in first.sales)
    assert not (same_sales and first.external.equals(other.external))


def test_sales_are_counts_and_every_store_of_a_category_sells_something():
    for name in CATEGORIES:
        (sales,) = make(name).sales.values()
        assert sales.dtype == float
        assert np.array_equal(sales, np.rint(sales))
        assert sales.min() >= 0
        assert sales.sum(axis=1).min() > 0


def test_half_of_the_sales_fall_in_even_months_and_segments_foretell_them():
    scenario = make("three_segments", stores=400)
    (sales,), (even,) = scenario.sales.values(), even_months(scenario).values()
    assert (even <= sales).all()
    assert np.array_equal(even, even_months(scenario)["category"])
    assert even.sum() == pytest.approx(sales.sum() / 2, rel=0.02)
    odd, halved, parts = halves_of(scenario)
    assert np.array_equal(odd + halved, sales)
    kept = ~scenario.outlier
    transform = config()["internal"]["normalize"]["transform"]
    found = predict_sold(odd[kept], halved[kept], range(2, 9), transform, 0, parts=parts)
    assert found.explained[0] < 0.05
    assert found.explained[2] > 0.5
    assert predict_sold(odd[:1], halved[:1], range(2, 9), transform, 0, parts=parts) is None


@pytest.mark.parametrize("name", ["four_skewed", "six_skewed", "small_segment", "fifty_stores"])
def test_segments_have_the_sizes_that_are_asked_for(name):
    scenario = make(name, stores=1000)
    sizes = np.bincount(scenario.truth("internal")) / 1000
    assert np.allclose(sizes, CATEGORIES[name].segments, atol=0.001)


@pytest.mark.parametrize(("name", "share"), [("four_skewed", 0.05), ("many_outliers", 0.1)])
def test_outliers_have_the_share_that_is_asked_for(name, share):
    assert make(name, stores=400).outlier.mean() == share
    assert make("joint_dependent", stores=400).outlier.mean() == 0.05


@pytest.mark.parametrize("name", EXTERNALS)
def test_missing_values_have_the_share_that_is_asked_for(name):
    table = make(name, stores=1000).external
    assert table.isna().mean().mean() == pytest.approx(EXTERNALS[name].missing, abs=0.01)
    kinds = {str(dtype) for dtype in table.dtypes}
    assert kinds == {"float64", "object"}
    texts = table.select_dtypes(object)
    assert {type(value) for value in texts.to_numpy().ravel()} <= {str, type(None)}


def test_high_values_are_missing_more_often_where_the_scenario_says_so():
    hidden = {}
    for name in ("external_missing", "external_missing_high"):
        known = make(name, stores=2000).external["noise_00"].dropna()
        hidden[name] = known.mean()
    assert abs(hidden["external_missing"]) < 0.1
    assert hidden["external_missing_high"] < -0.1


def test_copies_are_near_copies_and_tails_are_heavy():
    copies = make("external_copies", stores=500).external
    correlation = copies.filter(regex="copy|noise_00").corr("spearman").to_numpy()
    assert correlation.min() > 0.95
    heavy = make("external_heavy_tails", stores=500).external.filter(like="signal")
    usual = make("external_complete", stores=500).external.iloc[:, :4]
    assert heavy.kurt().median() > usual.kurt().median() + 3


def test_joint_segments_relate_as_their_variant_says():
    cells = {}
    for variant in JOINTS:
        scenario = make(f"joint_{variant}", stores=400)
        assert len(scenario.sales) == 10
        assert all(4 <= sales.shape[1] <= 9 for sales in scenario.sales.values())
        assert scenario.external.shape[1] == 12 + 6 + 3
        pairs = {*zip(scenario.truth("internal"), scenario.truth_external, strict=True)}
        assert len(pairs) == len(np.unique(scenario.truth_joint))
        cells[variant] = len(pairs)
        agree = adjusted_rand_score(scenario.truth("internal"), scenario.truth_external)
        assert (agree == 1) == (variant == "identical")
        if variant == "independent":
            assert agree < 0.05
    assert cells == {
        "independent": 9,
        "dependent": 5,
        "identical": 3,
        "internal_absent": 3,
        "external_absent": 3,
    }


def test_segments_are_seen_in_the_track_that_has_them_and_not_in_the_other():
    for absent, present in (("internal", "external"), ("external", "internal")):
        scenario = make(f"joint_{absent}_absent", seed=1, stores=200)
        tracks = project_defaults(scenario, 0).tracks
        seen = {
            name: adjusted_rand_score(
                scenario.truth_joint, oracle(track.matrix, track.in_fit, 3, 0)
            )
            for name, track in tracks.items()
        }
        assert seen[present] > 0.3
        assert abs(seen[absent]) < 0.1


def test_gradients_move_along_and_clouds_do_not():
    def share_of_first_component(name: str) -> float:
        (sales,) = make(name, stores=400).sales.values()
        mixes = np.sqrt(sales / sales.sum(axis=1, keepdims=True))
        values = np.linalg.svd(mixes - mixes.mean(axis=0), compute_uv=False) ** 2
        return values[0] / values.sum()

    assert share_of_first_component("gradient_long") > 1.5 * share_of_first_component("cloud")


def test_few_columns_tell_segments_apart_among_many_that_do_not():
    for name, informative, columns in (("external_12_of_70", 12, 70), ("external_5_of_50", 5, 50)):
        scenario = make(name, stores=400)
        assert (len(scenario.informative), scenario.external.shape[1]) == (informative, columns)
        values = scenario.external.to_numpy()
        values = (values - values.mean(axis=0)) / values.std(axis=0)
        truth = scenario.truth_external
        means = np.array([values[truth == segment].mean(axis=0) for segment in np.unique(truth)])
        between = means.std(axis=0)
        tells = scenario.external.columns.isin(scenario.informative)
        assert np.median(between[tells]) > 3 * between[~tells].max()


def test_blurred_copies_correlate_by_eight_to_nine_tenths():
    table = make("external_blurred_copies", stores=2000).external
    r = [table[f"copy_{n:02d}"].corr(table[f"noise_{n % 4:02d}"]) for n in range(24)]
    assert 0.8 < min(r) < max(r) < 0.9


@pytest.mark.parametrize("kind", ["binary", "normal", "weak"])
@pytest.mark.parametrize("categories", ["one", "several"])
def test_external_data_beside_says_nothing_of_sales_segments(kind, categories):
    scenario = make(f"beside_{kind}_{categories}", stores=400)
    assert len(scenario.sales) == {"one": 1, "several": 6}[categories]
    values = scenario.external.to_numpy()
    found = oracle((values - values.mean(axis=0)) / values.std(axis=0), np.ones(400, bool), 3, 0)
    assert adjusted_rand_score(scenario.truth("internal"), found) == pytest.approx(0, abs=0.02)
    assert len(np.unique(scenario.truth_joint)) == (12 if kind == "weak" else 4)
    assert scenario.structure["external"] == ("groups" if kind == "weak" else "none")


def test_next_year_each_store_sells_its_own_mix_again():
    scenario = make("cloud", stores=400)
    (sales,), (coming,) = scenario.sales.values(), scenario.coming.values()
    assert not np.array_equal(sales, coming)
    assert coming.sum() == pytest.approx(sales.sum(), rel=0.02)
    everyone = np.zeros(400, dtype=np.int64)
    one = judge_coming(scenario, everyone)
    assert one["explained"] == pytest.approx(0, abs=0.01)
    assert one["history"] > 0.3
    three = plain_kmeans(scenario, 3)
    assert one["explained"] < judge_coming(scenario, three)["explained"] < one["history"]
    assert judge_coming(scenario, np.arange(400))["explained"] == pytest.approx(one["history"])


def test_independent_chains_have_sizes_settings_and_kinds_of_their_own():
    drawn = [make("independent", seed, size(seed)) for seed in range(12)]
    assert {scenario.structure["internal"] for scenario in drawn} == {"groups", "gradient", "none"}
    assert {scenario.structure["external"] for scenario in drawn} == {"groups", "none"}
    assert len({scenario.stores for scenario in drawn}) > 3
    assert len({scenario.external.shape[1] for scenario in drawn}) > 6
    for scenario in drawn:
        for category, sales in scenario.sales.items():
            assert (sales.sum(axis=1) > 0).all()
            assert (even_months(scenario)[category] <= sales).all()
        told = len([name for name in scenario.external if name.startswith("telling")])
        assert told <= 0.61 * scenario.external.shape[1]
        assert (told > 0) == (scenario.structure["external"] == "groups")


def test_confidence_is_judged_on_planted_segments_of_sales_and_of_both_tracks():
    joint = make("confidence_joint", stores=400)
    assert len(np.unique(joint.truth_joint)) == 9
    sales = make("confidence_sales", stores=400)
    assert len(np.unique(sales.truth_joint)) == 4
    assert set(sales.structure.items()) == {("internal", "groups"), ("external", "none")}


def test_without_months_nothing_is_predicted():
    scenario = replace(make("three_segments"), months=False)
    assert halves_of(scenario) is None
    (job,) = plan(["cloud"], 1, [120], (), months=False)
    assert job == ("cloud", 0, 120, (), False, ())


def test_confidence_is_judged_where_the_segment_was_found():
    """Segment 2 has most of no cluster's stores: its stores cannot be placed right."""
    scenario = make("beside_binary_one", stores=120)
    truth = np.repeat([0, 1, 2], [60, 50, 10])
    final = np.repeat([0, 1, 1], [60, 50, 10])
    final[[0, 60]] = [1, 0]  # misplaced
    confidence = np.full(120, 0.9)
    confidence[[0, 60]] = [0.4, 0.95]
    nobody = np.zeros(120, dtype=bool)
    scenario = replace(
        scenario, truth_internal={"c": truth}, truth_joint=truth, outlier=nobody, sales={}
    )
    rows = pd.DataFrame(judge_confidence(scenario, Result({}, final, confidence, ~nobody & False)))
    (line,) = curves(
        rows[rows["truth"] == "sales"].assign(method="m", scenario="s", stores=120, seed=0)
    ).to_dict("records")
    assert line["apart"] == pytest.approx(10 / 120)
    assert line["misplaced"] == pytest.approx(2 / 110)
    assert line["auc_found"] == line["auc_unmoved"] == pytest.approx(0.5)  # one below, one above
    right = placed_right(truth, final, ~nobody)
    assert line["auc_all"] == pytest.approx(roc_auc_score(right, confidence))
    assert line["deviation_unmoved"] == pytest.approx(0.1, abs=0.01)  # 0.9 sure, right but for one


def test_the_old_method_loses_a_twentieth_of_the_stores_in_each_track():
    result = old_method(make("joint_independent"), 0)
    assert [track.outlier.mean() for track in result.tracks.values()] == [0.05, 0.05]
    assert 0.05 <= np.mean(result.final < 0) <= 0.1
    assert cross_and_fold({"internal": result.tracks["internal"]}) is None


def test_the_oracle_recovers_what_lies_far_apart():
    truth = np.repeat([0, 1, 2], 20)
    points = np.random.default_rng(0).normal(size=(60, 2)) + 50 * truth[:, None]
    in_fit = np.arange(60) % 5 > 0
    assert adjusted_rand_score(truth, oracle(points, in_fit, 3, 0)) == 1


def test_a_small_chain_needs_smaller_clusters():
    assert [smallest_cluster(stores) for stores in (10, 120, 400, 5000)] == [1, 6, 20, 20]


def test_r_agrees_on_groups_that_lie_far_apart():
    if reason := why_no_r():
        pytest.skip(reason)
    from competitors import run_r

    truth = np.repeat([0, 1, 2], 20)
    points = np.random.default_rng(0).normal(size=(60, 2)) + 50 * truth[:, None]
    labels, jaccard = run_r(points, 6, 0)
    assert adjusted_rand_score(truth, labels) == 1
    assert min(jaccard) > 0.85


def test_a_scenario_of_one_size_is_planned_in_that_size_only():
    jobs = [job[:3] for job in plan(["fifty_stores", "cloud"], 1, [120, 400], ())]
    assert jobs == [("fifty_stores", 0, 50), ("cloud", 0, 120), ("cloud", 0, 400)]


def test_a_run_is_the_same_again():
    job = ("external_outliers", 3, 120, ("project", "old_method"), True, ())
    first, again = (pd.DataFrame(run_job(job)[0]).drop(columns="seconds") for _ in range(2))
    pd.testing.assert_frame_equal(first, again)


def test_the_small_benchmark_writes_its_table_and_picture(tmp_path):
    only = ["gradient", "joint_external_absent"]
    output = tmp_path / "truth"
    assert main(["--small", "--only", *only, "--output", str(output)]) == 0
    runs = pd.read_csv(output / "runs.csv")
    assert set(runs["method"]) >= {"project", "old_method", "kmeans_silhouette"}
    assert set(runs["scenario"]) == set(only)
    assert set(runs["seed"]) == {0, 1}
    assert runs["ari"].dropna().between(-1, 1).all()
    table = (output / "summary.md").read_text(encoding="utf-8")
    for measure in ("exact k", "stores lost", "joint segments after merging, 120 stores"):
        assert f"| {measure}" in table
    assert (output / "summary.png").read_bytes().startswith(b"\x89PNG")


def test_an_unknown_scenario_is_refused_by_name(tmp_path, capsys):
    assert main(["--only", "clod", "--output", str(tmp_path)]) == 2
    assert "clod" in capsys.readouterr().err


def test_the_battery_is_judged_by_the_labeling_that_fits_best_without_noise(tmp_path):
    random = np.random.default_rng(0)
    labels = np.repeat([1, 2, 3], 40)
    data = np.array([[0, 0], [9, 0], [0, 9]])[labels - 1] + random.normal(size=(120, 2))
    data, labels = np.vstack([data, [[4.0, 4.0]]]), np.append(labels, 0)
    (tmp_path / "given" / "toy").mkdir(parents=True)
    np.savetxt(tmp_path / "given" / "toy" / "blobs.data.gz", data)
    np.savetxt(tmp_path / "given" / "toy" / "blobs.labels0.gz", np.minimum(labels, 2), fmt="%d")
    np.savetxt(tmp_path / "given" / "toy" / "blobs.labels1.gz", labels, fmt="%d")
    assert battery.main([str(tmp_path / "given"), "--output", str(tmp_path)]) == 0
    (row,) = pd.read_csv(tmp_path / "battery.csv").to_dict("records")
    assert (row["true_k"], row["k"], row["index"], row["verdict"]) == (3, 3, 1.0, "groups")
    assert "| toy | 1 | 1.00 | 1.00 | 1.00 | 100% |" in (tmp_path / "battery.md").read_text()
    assert battery.main([str(tmp_path / "nothing"), "--output", str(tmp_path)]) == 2


def test_sales_are_foretold_by_what_stores_sold_together():
    sales = np.array([[8.0, 2.0], [4.0, 6.0], [0.0, 5.0]])
    expected = foretold(sales, np.array([0, 0, -1]))  # the last has no cluster: the chain's mix
    assert np.allclose(expected, [[0.6, 0.4], [0.6, 0.4], [12 / 25, 13 / 25]])
    assert explained(sales / sales.sum(axis=1, keepdims=True), sales) == 1
    chain = np.tile([12 / 25, 13 / 25], (3, 1))
    assert explained(chain, sales) == pytest.approx(0)
    # twice as much sold by the first store makes its error count twice
    coming = sales * [[2], [1], [1]]
    together = coming.sum(axis=0) / coming.sum()
    mixes = coming / coming.sum(axis=1, keepdims=True)
    total = 20 * 2 * (0.8 - together[0]) ** 2 + 10 * 2 * (0.4 - together[0]) ** 2
    total += 5 * 2 * (0 - together[0]) ** 2
    wrong = mixes.copy()
    wrong[0] = [0.7, 0.3]
    assert explained(wrong, coming) == pytest.approx(1 - 20 * 2 * 0.1**2 / total)


def test_kmeans_of_a_minimum_size_has_no_smaller_cluster_and_as_many_as_asked_for():
    random = np.random.default_rng(0)
    mixes = random.dirichlet([2.0, 1.0, 1.0, 0.5], 80)
    sales = mixes * random.lognormal(5, 1, (80, 1))
    for least in (1, 5, 12):
        for labels in (folded_kmeans(sales, 5, least), until_enough(sales, 5, least)):
            assert np.unique(labels, return_counts=True)[1].min() >= least
            assert len(labels) == 80
    assert len(np.unique(until_enough(sales, 5, 5))) == 5
    assert len(np.unique(until_enough(sales, 5, 41))) == 1  # two cannot have so many


@pytest.mark.parametrize(
    ("size", "least"), [(10, 10), (0.05, 4), ("5 %", 4), ("5%", 4), ({"any": 1}, None)]
)
def test_a_minimum_size_is_a_number_or_a_share(size, least):
    assert real_sales.minimum({"merge": {"min_size": size}}, 70) == least


def test_keys_of_the_configuration_can_be_set():
    config = {"merge": {"min_size": 8}}
    assign(config, "merge.aim=sales")
    assign(config, "internal.choose_k.max=6")
    assert config == {
        "merge": {"min_size": 8, "aim": "sales"},
        "internal": {"choose_k": {"max": 6}},
    }


def test_a_scenario_is_run_with_the_configuration_that_is_asked_for():
    scenario = make("four_skewed")
    three = replace(scenario, settings=("internal.choose_k.fixed.whole_store=3",))
    few = replace(scenario, settings=("internal.choose_k.max=2",))
    assert project_defaults(few, 0).tracks["internal"].k <= 2
    assert project_defaults(scenario, 0).tracks["internal"].k > 2
    assert config(three.settings)["internal"]["choose_k"]["fixed"] == {"whole_store": 3}
    assert config()["internal"]["choose_k"]["fixed"] == {}
    assert ENTRIES["joint_dependent"].settings == ("merge.aim=joint",)


def test_clusters_of_any_chain_are_judged_from_the_tables_of_its_results(tmp_path):
    """Internal clusters are the segments; the final ones of the small category are one cluster."""
    random = np.random.default_rng(1)
    stores = np.array([f"s{number:02d}" for number in range(40)])
    segment = np.arange(40) % 2
    for half in ("first", "second"):
        parts = []
        for category, scale in (("small", 10.0), ("large", 1000.0)):
            sold = scale * (np.array([[8, 2], [2, 8]])[segment] + random.normal(0, 0.1, (40, 2)))
            of = {"category": category, "store_id": stores.repeat(2), "need_state": [*"ab"] * 40}
            parts.append(pd.DataFrame({**of, "sales": sold.ravel()}))
        write(pd.concat(parts), tmp_path / half / "internal" / "need_states.parquet")
    both = pd.DataFrame({"group": ["small"] * 40 + ["large"] * 40, "store_id": [*stores] * 2})
    segments = pd.Series([*segment] * 2)
    write(both.assign(cluster=segments + 1), tmp_path / "first" / "internal" / "clusters.parquet")
    final = ("1_" + segments.astype(str)).where(both["group"] == "large", "1_0")
    merged = both.rename(columns={"group": "category"}).assign(final_cluster=final)
    write(merged, tmp_path / "first" / "merged" / "clusters.parquet")
    stability = {"evidence": ["group", "slice", "whole"], "trust": ["stable", "stable", "doubtful"]}
    write(pd.DataFrame(stability), tmp_path / "first" / "merged" / "stability.parquet")

    chain = real_sales.Chain("mine", {}, date(2024, 2, 29), tmp_path)
    project = Project.existing(tmp_path)
    table = pd.DataFrame(real_sales.judge(chain, project))
    rows = table.set_index(["method", "category"])["explained"]
    assert rows["internal clusters"].min() > 0.99
    assert rows["final clusters"].to_dict() == pytest.approx({"large": 1, "small": 0}, abs=0.01)
    assert rows["k-means, as many as final"].to_dict() == pytest.approx(
        rows["final clusters"].to_dict(), abs=1e-6
    )
    text = real_sales.report(table, real_sales.trust(chain, project))
    assert "| mine | final clusters | 1.5 | 2 | 20 | 0.5" in text  # the mean over both categories
    (line,) = [line for line in text.splitlines() if "| final clusters |" in line]
    assert line.endswith("| 0.990 |")  # summed, the large category counts a hundred times more
    assert "| group | 1 | 0.33 | 0.00 | 0.33 | 0.00 | 0.00 |" in text


def write(table: pd.DataFrame, path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_parquet(path)
