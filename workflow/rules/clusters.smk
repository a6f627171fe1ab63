# Clusters of both tracks, a shard of groups at a time.


rule choose_k:
    input:
        reduced="<results>/{track}/shards/{shard}/reduced.parquet",
        loadings="<results>/{track}/shards/{shard}/loadings.parquet",
        outliers="<results>/{track}/shards/{shard}/outliers.parquet",
        status="<results>/{track}/shards/{shard}/store_status.parquet",
        features=branch(
            evaluate("{track} == 'internal'"),
            then="<results>/internal/need_states.parquet",
        ),
        imputed=branch(
            evaluate("{track} == 'external'"),
            then="<results>/external/shards/{shard}/imputed.parquet",
        ),
        parameters=branch(
            evaluate("{track} == 'external'"),
            then="<results>/external/shards/{shard}/normalize_parameters.parquet",
        ),
        redundant=branch(
            evaluate("{track} == 'external'"),
            then="<results>/external/shards/{shard}/redundant.parquet",
        ),
    output:
        k="<results>/{track}/shards/{shard}/k.parquet",
        k_scores="<results>/{track}/shards/{shard}/k_scores.parquet",
    log:
        "<logs>/{track}/choose_k/{shard}.jsonl",
    benchmark:
        "<benchmarks>/{track}/choose_k/{shard}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(2000, 40),
        runtime=minutes(240),
    params:
        choose_k=lookup(dpath="{track}/choose_k", within=settings),
        cluster=lookup(dpath="{track}/cluster", within=settings),
        transform=lookup(dpath="{track}/normalize/transform", within=settings),
        groups=lookup(dpath="{track}/groups", within=settings, default=None),
        seed=settings["seed"],
        code=code_digest("choose_k.py"),
    message:
        "Choosing the number of {wildcards.track} clusters, shard {wildcards.shard}"
    script:
        "../../scripts/choose_k.py"


rule cluster:
    input:
        reduced="<results>/{track}/shards/{shard}/reduced.parquet",
        outliers="<results>/{track}/shards/{shard}/outliers.parquet",
        status="<results>/{track}/shards/{shard}/store_status.parquet",
        k="<results>/{track}/shards/{shard}/k.parquet",
    output:
        clusters="<results>/{track}/shards/{shard}/clusters.parquet",
        centres="<results>/{track}/shards/{shard}/centres.parquet",
    log:
        "<logs>/{track}/cluster/{shard}.jsonl",
    benchmark:
        "<benchmarks>/{track}/cluster/{shard}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(2000, 40),
        runtime=minutes(60),
    params:
        cluster=lookup(dpath="{track}/cluster", within=settings),
        seed=settings["seed"],
        code=code_digest("cluster.py"),
    message:
        "Clustering the stores, {wildcards.track}, shard {wildcards.shard}"
    script:
        "../../scripts/cluster.py"


rule profile_clusters:
    input:
        features=branch(
            evaluate("{track} == 'internal'"),
            then="<results>/internal/need_states.parquet",
            otherwise="<results>/external/raw_features.parquet",
        ),
        normalized="<results>/{track}/shards/{shard}/normalized.parquet",
        clusters="<results>/{track}/shards/{shard}/clusters.parquet",
        stores="<results>/internal/stores.parquet",
    output:
        "<results>/{track}/shards/{shard}/profiles.parquet",
    log:
        "<logs>/{track}/profile_clusters/{shard}.jsonl",
    benchmark:
        "<benchmarks>/{track}/profile_clusters/{shard}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(2000, 20),
        runtime=minutes(30),
    params:
        groups=lookup(dpath="{track}/groups", within=settings, default=None),
        code=code_digest("profile_clusters.py"),
    message:
        "Describing the {wildcards.track} clusters, shard {wildcards.shard}"
    script:
        "../../scripts/profile_clusters.py"


rule gather_clusters:
    input:
        **{table: all_shards(table) for table in CLUSTER_TABLES},
    output:
        **{
            table: update(f"<results>/{{track}}/{table}.parquet")
            for table in CLUSTER_TABLES
        },
    log:
        "<logs>/{track}/gather_clusters.jsonl",
    benchmark:
        "<benchmarks>/{track}/gather_clusters.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(2000, 20),
        runtime=minutes(30),
    params:
        tables=CLUSTER_TABLES,
        code=code_digest("gather.py"),
    message:
        "Gathering the {wildcards.track} clusters of all shards"
    script:
        "../../scripts/gather.py"
