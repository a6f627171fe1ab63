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
        normalized="<results>/{track}/{shard}normalized.parquet",
        parameters="<results>/{track}/{shard}normalize_parameters.parquet",
        status="<results>/{track}/{shard}store_status.parquet",
    log:
        "<logs>/{track}/{shard}normalize.jsonl",
    benchmark:
        "<benchmarks>/{track}/{shard}normalize.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs(times_input=20, minutes=30),
    params:
        normalize=lookup(dpath="{track}/normalize", within=settings),
        eligible=lookup(dpath="{track}/eligible", within=settings, default=None),
        groups=lookup(dpath="{track}/groups", within=settings, default=None),
        code=code_digest("normalize.py"),
    message:
        "Normalizing the {wildcards.track} features {wildcards.shard}"
    script:
        "../../scripts/normalize.py"


rule impute:
    input:
        normalized="<results>/{track}/{shard}normalized.parquet",
        parameters="<results>/{track}/{shard}normalize_parameters.parquet",
    output:
        imputed="<results>/{track}/{shard}imputed.parquet",
        parameters="<results>/{track}/{shard}impute_parameters.parquet",
    log:
        "<logs>/{track}/{shard}impute.jsonl",
    benchmark:
        "<benchmarks>/{track}/{shard}impute.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs(times_input=40, minutes=60),
    params:
        impute=lookup(dpath="{track}/impute", within=settings),
        seed=settings["seed"],
        code=code_digest("impute.py"),
    message:
        "Filling gaps in the {wildcards.track} features {wildcards.shard}"
    script:
        "../../scripts/impute.py"


rule detect_outliers:
    input:
        "<results>/{track}/{shard}imputed.parquet",
    output:
        "<results>/{track}/{shard}outliers.parquet",
    log:
        "<logs>/{track}/{shard}detect_outliers.jsonl",
    benchmark:
        "<benchmarks>/{track}/{shard}detect_outliers.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs(times_input=40, minutes=60),
    params:
        outliers=lookup(dpath="{track}/outliers", within=settings),
        seed=settings["seed"],
        code=code_digest("detect_outliers.py"),
    message:
        "Flagging unusual stores, {wildcards.track} {wildcards.shard}"
    script:
        "../../scripts/detect_outliers.py"


rule reduce:
    input:
        imputed="<results>/{track}/{shard}imputed.parquet",
        parameters="<results>/{track}/{shard}normalize_parameters.parquet",
        outliers="<results>/{track}/{shard}outliers.parquet",
    output:
        reduced="<results>/{track}/{shard}reduced.parquet",
        loadings="<results>/{track}/{shard}loadings.parquet",
        components="<results>/{track}/{shard}components.parquet",
        redundant="<results>/{track}/{shard}redundant.parquet",
    log:
        "<logs>/{track}/{shard}reduce.jsonl",
    benchmark:
        "<benchmarks>/{track}/{shard}reduce.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs(times_input=40, minutes=30),
    params:
        reduce=lookup(dpath="{track}/reduce", within=settings),
        seed=settings["seed"],
        code=code_digest("reduce.py"),
    message:
        "Reducing the {wildcards.track} features {wildcards.shard}"
    script:
        "../../scripts/reduce.py"
