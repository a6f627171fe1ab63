# External features: from any number of sources to one table of stores by features.


rule join_external:
    input:
        inputs.external_files,
    output:
        raw_features="<results>/external/raw_features.parquet",
        places="<results>/external/places.parquet",
        set_aside="<results>/external/set_aside.parquet",
    log:
        "<logs>/join_external.jsonl",
    benchmark:
        "<benchmarks>/join_external.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs(times_input=20, minutes=30),
    params:
        sources=settings["inputs"]["external"],
        bytes=inputs.sizes(inputs.external_files),
        # which of the input belongs to which source
        files={
            name: [inputs.external_files.index(file) for file in files]
            for name, files in inputs.external.items()
        },
        max_levels=settings["external"]["normalize"]["max_levels"],
        code=code_digest("join_external.py"),
    message:
        "Joining the external sources on the store"
    script:
        "../../scripts/join_external.py"
