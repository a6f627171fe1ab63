# Tables of all shards, joined; with one shard they lie there already.


rule gather_features:
    input:
        **{
            table: collect(
                f"<results>/internal/{{shard}}{table}.parquet", shard=SHARDS
            )
            for table in FEATURE_TABLES
        },
    output:
        **{table: f"<results>/internal/{table}.parquet" for table in FEATURE_TABLES},
    log:
        "<logs>/internal/gather_features.jsonl",
    benchmark:
        "<benchmarks>/internal/gather_features.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs(times_input=4, minutes=30),
    params:
        code=code_digest("gather.py"),
    message:
        "Gathering the features of all shards"
    script:
        "../../scripts/gather.py"


use rule gather_features as gather_clusters with:
    input:
        **{
            table: collect(
                f"<results>/internal/{{shard}}{table}.parquet", shard=SHARDS
            )
            for table in CLUSTER_TABLES
        },
    output:
        **{table: f"<results>/internal/{table}.parquet" for table in CLUSTER_TABLES},
    log:
        "<logs>/internal/gather_clusters.jsonl",
    benchmark:
        "<benchmarks>/internal/gather_clusters.tsv"
    message:
        "Gathering the internal clusters of all shards"


use rule gather_features as gather_merged with:
    input:
        **{
            table: collect(f"<merged>/{{shard}}{table}.parquet", shard=SHARDS)
            for table in FINAL_TABLES
        },
    output:
        **{table: f"<merged>/{table}.parquet" for table in FINAL_TABLES},
    log:
        "<logs>/gather_merged.jsonl",
    benchmark:
        "<benchmarks>/gather_merged.tsv"
    message:
        "Gathering the final clusters of all shards"


# A file of a track or of final clusters is gathered, not made by the one shard that there is not.
ruleorder: gather_features > normalize > impute > detect_outliers > reduce
ruleorder: gather_clusters > choose_k > cluster > profile_clusters
ruleorder: gather_merged > merge > describe > explain
