# What does not lie on the disk is copied to it first; all else reads the copies as plain files.

from store_clusters.inputs.copies import names


envvars:
    *dict.fromkeys(inputs.copies.variables),


if inputs.copies.queries:

    rule query_database:
        output:
            "<results>/inputs/{source}/{part}.parquet",
        log:
            "<logs>/query_database/{source}/{part}.jsonl",
        benchmark:
            "<benchmarks>/query_database/{source}/{part}.tsv"
        wildcard_constraints:
            source="|".join(names(inputs.copies.queries)),
        conda:
            "../../environment.yml"
        resources:
            **needs(times_input=0, minutes=240),
        params:
            request=lookup(dpath="{source}/{part}", within=inputs.copies.queries),
            code=code_digest("query_database.py"),
        message:
            "Asking a database for {wildcards.source}, {wildcards.part}"
        script:
            "../../scripts/query_database.py"


if inputs.copies.objects:

    rule fetch_object:
        output:
            "<results>/inputs/{source}/{object}",
        log:
            "<logs>/fetch_object/{source}/{object}.jsonl",
        benchmark:
            "<benchmarks>/fetch_object/{source}/{object}.tsv"
        wildcard_constraints:
            source="|".join(names(inputs.copies.objects)),
            object="[^/]+",
        conda:
            "../../environment.yml"
        resources:
            **needs(times_input=0, minutes=240),
        params:
            found=lookup(dpath="{source}/{object}", within=inputs.copies.objects),
            code=code_digest("fetch_object.py"),
        message:
            "Copying {wildcards.object} of {wildcards.source} from object storage"
        script:
            "../../scripts/fetch_object.py"
