# A first configuration, from a look into a folder. It is no output, which Snakemake would replace.
# Asked for by hand, and each time made anew.


rule init:
    output:
        "<results>/init.json",
    log:
        "<logs>/init.jsonl",
    benchmark:
        "<benchmarks>/init.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs(times_input=0, minutes=10),
    params:
        data=STARTING.get("data"),
        name=STARTING.get("name") or "my-chain",
        run=RUN,
        code=code_digest("init.py"),
    message:
        "Looking for sales, product map and external sources"
    script:
        "../../scripts/init.py"
