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
        internal_clusters="<results>/internal/clusters.parquet",
        internal_reduced="<results>/internal/reduced.parquet",
        internal_status="<results>/internal/store_status.parquet",
        external_clusters="<results>/external/clusters.parquet",
        external_reduced="<results>/external/reduced.parquet",
        external_status="<results>/external/store_status.parquet",
    output:
        clusters=update("<merged>/clusters.parquet"),
        folds=update("<merged>/folds.parquet"),
        centres=update("<merged>/centres.parquet"),
        map=update("<merged>/map.parquet"),
        stability=update("<merged>/stability.parquet"),
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
        groups=settings["internal"]["groups"],
        seed=settings["seed"],
        code=code_digest("merge.py"),
    message:
        "Merging internal and external clusters"
    script:
        "../../scripts/merge.py"
