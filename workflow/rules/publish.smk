# Final tables where others look for them: files, object storage, databases.

from store_clusters.run.secrets import variables

if any(
    destination["to"] and "://" in destination["to"]
    for destination in PUBLISHED.values()
):
    from store_clusters.inputs.objects import needed

    envvars:
        *needed(),


envvars:
    *(
        name
        for destination in PUBLISHED.values()
        for name in variables(destination["database"] or "")
    ),


rule publish:
    input:
        # which is there only if every store and every cent is accounted for
        account="<results>/run.json",
        table=lookup(dpath="{destination}/file", within=PUBLISHED),
    output:
        "<results>/published/{destination}.json",
    log:
        "<logs>/publish/{destination}.jsonl",
    benchmark:
        "<benchmarks>/publish/{destination}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs(times_input=20, minutes=30),
    params:
        destination=lookup(dpath="{destination}", within=PUBLISHED),
        code=code_digest("publish.py"),
    message:
        "Publishing to {wildcards.destination}"
    script:
        "../../scripts/publish.py"
