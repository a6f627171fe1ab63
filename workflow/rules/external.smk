# External features: from any number of sources to one table of stores by features.


rule join_external:
    input:
        inputs.external_files,
    output:
        raw_features=update("<results>/external/raw_features.parquet"),
        places=update("<results>/external/places.parquet"),
        set_aside=update("<results>/external/set_aside.parquet"),
    log:
        "<logs>/join_external.jsonl",
    benchmark:
        "<benchmarks>/join_external.tsv"
    conda:
        "../../environment.yml"
    threads: 1
    resources:
        mem_mb=memory(2000, 20),
        runtime=minutes(30),
    params:
        sources=inputs.external,
        max_levels=settings["external"]["normalize"]["max_levels"],
        code=code_digest("join_external.py"),
    message:
        "Joining the external sources on the store"
    script:
        "../../scripts/join_external.py"
