# Final clusters: both tracks merged, per category; and grades by sales, where asked for.


rule grade:
    input:
        stores="<results>/internal/stores.parquet",
    output:
        tiers="<merged>/tiers.parquet",
        breaks="<merged>/tier_breaks.parquet",
    log:
        "<logs>/grade.jsonl",
    benchmark:
        "<benchmarks>/grade.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs(times_input=20, minutes=30),
    params:
        tiers=settings["internal"]["tiers"],
        groups=settings["internal"]["groups"],
        seed=settings["seed"],
        code=code_digest("grade.py"),
    message:
        "Grading stores by sales"
    script:
        "../../scripts/grade.py"


rule merge:
    input:
        tiers="<merged>/tiers.parquet" if settings["internal"]["tiers"] else [],
        stores="<results>/internal/stores.parquet",
        need_states="<results>/internal/need_states.parquet",
        internal_clusters="<results>/internal/{shard}clusters.parquet",
        internal_reduced="<results>/internal/{shard}reduced.parquet",
        internal_status="<results>/internal/{shard}store_status.parquet",
        external_clusters="<results>/external/clusters.parquet",
        external_reduced="<results>/external/reduced.parquet",
        external_status="<results>/external/store_status.parquet",
        external_k="<results>/external/k.parquet",
    output:
        clusters="<merged>/{shard}clusters.parquet",
        folds="<merged>/{shard}folds.parquet",
        centres="<merged>/{shard}centres.parquet",
        map="<merged>/{shard}map.parquet",
        parts="<merged>/{shard}parts.parquet",
        stability="<merged>/{shard}stability.parquet",
        numbers="<merged>/{shard}numbers.parquet",
        categories="<merged>/{shard}categories.parquet",
    log:
        "<logs>/{shard}merge.jsonl",
    benchmark:
        "<benchmarks>/{shard}merge.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs(times_input=40, minutes=60),
    params:
        merge=settings["merge"],
        clustering={
            track: {
                key: settings[track]["cluster"][key]
                for key in ("algorithm", "min_size")
            }
            for track in ("internal", "external")
        },
        transform=settings["internal"]["normalize"]["transform"],
        groups=settings["internal"]["groups"],
        seed=settings["seed"],
        code=code_digest("merge.py"),
    message:
        "Merging internal and external clusters {wildcards.shard}"
    script:
        "../../scripts/merge.py"


rule describe:
    input:
        clusters="<merged>/{shard}clusters.parquet",
        need_states="<results>/internal/need_states.parquet",
        raw_features="<results>/external/raw_features.parquet",
        internal_normalized="<results>/internal/{shard}normalized.parquet",
        external_normalized="<results>/external/normalized.parquet",
        labels="<merged>/labels.parquet",
    output:
        profiles="<merged>/{shard}profiles.parquet",
        names="<merged>/{shard}names.parquet",
        drivers="<merged>/{shard}drivers.parquet",
        rules="<merged>/{shard}rules.parquet",
    log:
        "<logs>/{shard}describe.jsonl",
    benchmark:
        "<benchmarks>/{shard}describe.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs(times_input=20, minutes=60),
    params:
        groups=settings["internal"]["groups"],
        seed=settings["seed"],
        code=code_digest("describe.py"),
    message:
        "Saying what the final clusters are {wildcards.shard}"
    script:
        "../../scripts/describe.py"


rule explain:
    input:
        clusters="<merged>/{shard}clusters.parquet",
        names="<merged>/{shard}names.parquet",
        profiles="<merged>/{shard}profiles.parquet",
        folds="<merged>/{shard}folds.parquet",
        centres="<merged>/{shard}centres.parquet",
        need_states="<results>/internal/need_states.parquet",
        raw_features="<results>/external/raw_features.parquet",
        internal_parameters="<results>/internal/{shard}normalize_parameters.parquet",
        internal_imputed="<results>/internal/{shard}imputed.parquet",
        external_imputed="<results>/external/imputed.parquet",
        internal_outliers="<results>/internal/{shard}outliers.parquet",
        external_outliers="<results>/external/outliers.parquet",
        labels="<merged>/labels.parquet",
    output:
        "<merged>/{shard}store_reasons.parquet",
    log:
        "<logs>/{shard}explain.jsonl",
    benchmark:
        "<benchmarks>/{shard}explain.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs(times_input=40, minutes=60),
    params:
        groups=settings["internal"]["groups"],
        aim=settings["merge"]["aim"],
        code=code_digest("explain.py"),
    message:
        "Saying why every store is where it is {wildcards.shard}"
    script:
        "../../scripts/explain.py"
