# Clusters of both tracks, a shard of groups at a time.


rule choose_k:
    input:
        reduced="<results>/{track}/{shard}reduced.parquet",
        loadings="<results>/{track}/{shard}loadings.parquet",
        outliers="<results>/{track}/{shard}outliers.parquet",
        status="<results>/{track}/{shard}store_status.parquet",
        features=branch(
            evaluate("{track} == 'internal'"),
            then="<results>/internal/need_states.parquet",
        ),
        imputed=branch(
            evaluate("{track} == 'external'"),
            then="<results>/external/{shard}imputed.parquet",
        ),
        parameters=branch(
            evaluate("{track} == 'external'"),
            then="<results>/external/{shard}normalize_parameters.parquet",
        ),
        redundant=branch(
            evaluate("{track} == 'external'"),
            then="<results>/external/{shard}redundant.parquet",
        ),
    output:
        k="<results>/{track}/{shard}k.parquet",
        k_scores="<results>/{track}/{shard}k_scores.parquet",
    log:
        "<logs>/{track}/{shard}choose_k.jsonl",
    benchmark:
        "<benchmarks>/{track}/{shard}choose_k.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs(times_input=40, minutes=240),
    params:
        choose_k=lookup(dpath="{track}/choose_k", within=settings),
        cluster=lookup(dpath="{track}/cluster", within=settings),
        transform=lookup(dpath="{track}/normalize/transform", within=settings),
        groups=lookup(dpath="{track}/groups", within=settings, default=None),
        seed=settings["seed"],
        code=code_digest("choose_k.py"),
    message:
        "Choosing the number of {wildcards.track} clusters {wildcards.shard}"
    script:
        "../../scripts/choose_k.py"


rule cluster:
    input:
        reduced="<results>/{track}/{shard}reduced.parquet",
        outliers="<results>/{track}/{shard}outliers.parquet",
        status="<results>/{track}/{shard}store_status.parquet",
        k="<results>/{track}/{shard}k.parquet",
    output:
        clusters="<results>/{track}/{shard}clusters.parquet",
        centres="<results>/{track}/{shard}centres.parquet",
    log:
        "<logs>/{track}/{shard}cluster.jsonl",
    benchmark:
        "<benchmarks>/{track}/{shard}cluster.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs(times_input=40, minutes=60),
    params:
        cluster=lookup(dpath="{track}/cluster", within=settings),
        seed=settings["seed"],
        code=code_digest("cluster.py"),
    message:
        "Clustering the stores, {wildcards.track} {wildcards.shard}"
    script:
        "../../scripts/cluster.py"


rule profile_clusters:
    input:
        features=branch(
            evaluate("{track} == 'internal'"),
            then="<results>/internal/need_states.parquet",
            otherwise="<results>/external/raw_features.parquet",
        ),
        normalized="<results>/{track}/{shard}normalized.parquet",
        clusters="<results>/{track}/{shard}clusters.parquet",
        stores="<results>/internal/stores.parquet",
    output:
        "<results>/{track}/{shard}profiles.parquet",
    log:
        "<logs>/{track}/{shard}profile_clusters.jsonl",
    benchmark:
        "<benchmarks>/{track}/{shard}profile_clusters.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs(times_input=20, minutes=30),
    params:
        groups=lookup(dpath="{track}/groups", within=settings, default=None),
        code=code_digest("profile_clusters.py"),
    message:
        "Describing the {wildcards.track} clusters {wildcards.shard}"
    script:
        "../../scripts/profile_clusters.py"
