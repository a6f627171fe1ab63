# Final clusters: both tracks merged, per category; and grades by sales, where asked for.


rule grade:
    input:
        stores="<results>/internal/stores.parquet",
    output:
        tiers=update("<merged>/tiers.parquet"),
        breaks=update("<merged>/tier_breaks.parquet"),
    log:
        "<logs>/grade.jsonl",
    benchmark:
        "<benchmarks>/grade.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(2000, 20),
        runtime=minutes(30),
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
        internal_clusters="<results>/internal/clusters.parquet",
        internal_reduced="<results>/internal/reduced.parquet",
        internal_status="<results>/internal/store_status.parquet",
        external_clusters="<results>/external/clusters.parquet",
        external_reduced="<results>/external/reduced.parquet",
        external_status="<results>/external/store_status.parquet",
        external_k="<results>/external/k.parquet",
    output:
        clusters=update("<merged>/clusters.parquet"),
        folds=update("<merged>/folds.parquet"),
        centres=update("<merged>/centres.parquet"),
        map=update("<merged>/map.parquet"),
        parts=update("<merged>/parts.parquet"),
        stability=update("<merged>/stability.parquet"),
        numbers=update("<merged>/numbers.parquet"),
        categories=update("<merged>/categories.parquet"),
    log:
        "<logs>/merge.jsonl",
    benchmark:
        "<benchmarks>/merge.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(2000, 40),
        runtime=minutes(60),
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
        "Merging internal and external clusters"
    script:
        "../../scripts/merge.py"


rule describe:
    input:
        clusters="<merged>/clusters.parquet",
        need_states="<results>/internal/need_states.parquet",
        raw_features="<results>/external/raw_features.parquet",
        internal_normalized="<results>/internal/normalized.parquet",
        external_normalized="<results>/external/normalized.parquet",
        labels="<merged>/labels.parquet",
    output:
        profiles=update("<merged>/profiles.parquet"),
        names=update("<merged>/names.parquet"),
        drivers=update("<merged>/drivers.parquet"),
        rules=update("<merged>/rules.parquet"),
    log:
        "<logs>/describe.jsonl",
    benchmark:
        "<benchmarks>/describe.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(2000, 20),
        runtime=minutes(60),
    params:
        groups=settings["internal"]["groups"],
        seed=settings["seed"],
        code=code_digest("describe.py"),
    message:
        "Saying what the final clusters are"
    script:
        "../../scripts/describe.py"


rule explain:
    input:
        clusters="<merged>/clusters.parquet",
        names="<merged>/names.parquet",
        profiles="<merged>/profiles.parquet",
        folds="<merged>/folds.parquet",
        centres="<merged>/centres.parquet",
        need_states="<results>/internal/need_states.parquet",
        raw_features="<results>/external/raw_features.parquet",
        internal_parameters="<results>/internal/normalize_parameters.parquet",
        internal_imputed="<results>/internal/imputed.parquet",
        external_imputed="<results>/external/imputed.parquet",
        internal_outliers="<results>/internal/outliers.parquet",
        external_outliers="<results>/external/outliers.parquet",
        labels="<merged>/labels.parquet",
    output:
        update("<merged>/store_reasons.parquet"),
    log:
        "<logs>/explain.jsonl",
    benchmark:
        "<benchmarks>/explain.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(2000, 40),
        runtime=minutes(60),
    params:
        groups=settings["internal"]["groups"],
        aim=settings["merge"]["aim"],
        code=code_digest("explain.py"),
    message:
        "Saying why every store is where it is"
    script:
        "../../scripts/explain.py"
