# The words in which people read features.


rule label:
    input:
        products=inputs.products,
        raw_features="<results>/external/raw_features.parquet",
        set_aside="<results>/external/set_aside.parquet",
    output:
        "<merged>/labels.parquet",
    log:
        "<logs>/label.jsonl",
    benchmark:
        "<benchmarks>/label.tsv"
    # before the long steps: a wrong name ends the run here
    priority: 1
    conda:
        "../../environment.yml"
    resources:
        **needs(times_input=20, minutes=30),
    params:
        labels=settings["labels"],
        products=settings["inputs"]["products"],
        bytes=inputs.sizes(inputs.products),
        groups=settings["internal"]["groups"],
        code=code_digest("label.py"),
    message:
        "Finding the words for features"
    script:
        "../../scripts/label.py"
