# Features of both tracks, a shard of groups at a time: from raw values to components.


rule normalize:
    input:
        features=branch(
            evaluate("{track} == 'internal'"),
            then="<results>/internal/need_states.parquet",
            otherwise="<results>/external/raw_features.parquet",
        ),
        stores=branch(
            evaluate("{track} == 'internal'"),
            then="<results>/internal/stores.parquet",
        ),
    output:
        normalized="<results>/{track}/shards/{shard}/normalized.parquet",
        parameters="<results>/{track}/shards/{shard}/normalize_parameters.parquet",
        status="<results>/{track}/shards/{shard}/store_status.parquet",
    log:
        "<logs>/{track}/normalize/{shard}.jsonl",
    benchmark:
        "<benchmarks>/{track}/normalize/{shard}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(2000, 20),
        runtime=minutes(30),
    params:
        normalize=lookup(dpath="{track}/normalize", within=settings),
        eligible=lookup(dpath="{track}/eligible", within=settings, default=None),
        groups=lookup(dpath="{track}/groups", within=settings, default=None),
        code=code_digest("normalize.py"),
    message:
        "Normalizing the {wildcards.track} features, shard {wildcards.shard}"
    script:
        "../../scripts/normalize.py"


rule impute:
    input:
        normalized="<results>/{track}/shards/{shard}/normalized.parquet",
        parameters="<results>/{track}/shards/{shard}/normalize_parameters.parquet",
    output:
        imputed="<results>/{track}/shards/{shard}/imputed.parquet",
        parameters="<results>/{track}/shards/{shard}/impute_parameters.parquet",
    log:
        "<logs>/{track}/impute/{shard}.jsonl",
    benchmark:
        "<benchmarks>/{track}/impute/{shard}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(2000, 40),
        runtime=minutes(60),
    params:
        impute=lookup(dpath="{track}/impute", within=settings),
        seed=settings["seed"],
        code=code_digest("impute.py"),
    message:
        "Filling gaps in the {wildcards.track} features, shard {wildcards.shard}"
    script:
        "../../scripts/impute.py"


rule detect_outliers:
    input:
        "<results>/{track}/shards/{shard}/imputed.parquet",
    output:
        "<results>/{track}/shards/{shard}/outliers.parquet",
    log:
        "<logs>/{track}/detect_outliers/{shard}.jsonl",
    benchmark:
        "<benchmarks>/{track}/detect_outliers/{shard}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(2000, 40),
        runtime=minutes(60),
    params:
        outliers=lookup(dpath="{track}/outliers", within=settings),
        seed=settings["seed"],
        code=code_digest("detect_outliers.py"),
    message:
        "Flagging unusual stores, {wildcards.track}, shard {wildcards.shard}"
    script:
        "../../scripts/detect_outliers.py"


rule reduce:
    input:
        imputed="<results>/{track}/shards/{shard}/imputed.parquet",
        parameters="<results>/{track}/shards/{shard}/normalize_parameters.parquet",
        outliers="<results>/{track}/shards/{shard}/outliers.parquet",
    output:
        reduced="<results>/{track}/shards/{shard}/reduced.parquet",
        loadings="<results>/{track}/shards/{shard}/loadings.parquet",
        components="<results>/{track}/shards/{shard}/components.parquet",
        redundant="<results>/{track}/shards/{shard}/redundant.parquet",
    log:
        "<logs>/{track}/reduce/{shard}.jsonl",
    benchmark:
        "<benchmarks>/{track}/reduce/{shard}.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(2000, 40),
        runtime=minutes(30),
    params:
        reduce=lookup(dpath="{track}/reduce", within=settings),
        seed=settings["seed"],
        code=code_digest("reduce.py"),
    message:
        "Reducing the {wildcards.track} features, shard {wildcards.shard}"
    script:
        "../../scripts/reduce.py"


rule gather_features:
    input:
        **{table: all_shards(table) for table in FEATURE_TABLES},
    output:
        **{
            table: update(f"<results>/{{track}}/{table}.parquet")
            for table in FEATURE_TABLES
        },
    log:
        "<logs>/{track}/gather_features.jsonl",
    benchmark:
        "<benchmarks>/{track}/gather_features.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(2000, 40),
        runtime=minutes(30),
    params:
        tables=FEATURE_TABLES,
        code=code_digest("gather.py"),
    message:
        "Gathering the {wildcards.track} features of all shards"
    script:
        "../../scripts/gather.py"
