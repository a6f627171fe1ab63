# What a person reads about a run: the account, the pictures, the tables, the pages.
#
# Pictures and pages are files in scripts/store_clusters/report/pictures and pages, which declare what
# they read: a new file there, with a caption in ../report, is a new output of a rule here.

from store_clusters.report.contents import STAGES, code_of, pages, pictures
from store_clusters.report.exports import EXPORTS
from store_clusters.report.sources import contract_files, sources

PAGES = pages()
PICTURES = pictures(
    {
        column
        for source in settings["inputs"]["external"]
        for column, name in source["columns"].items()
        if name
    }
)


rule reconcile:
    input:
        receipts=collect("<results>/internal/sales/{part}.json", part=inputs.sales),
        parts=collect("<results>/internal/sales/{part}.parquet", part=inputs.sales),
        products=inputs.products,
        external=inputs.external_files,
        raw_features="<results>/external/raw_features.parquet",
        set_aside="<results>/internal/set_aside.parquet",
        clusters="<merged>/clusters.parquet",
    output:
        "<results>/run.json",
    log:
        "<logs>/reconcile.jsonl",
    benchmark:
        "<benchmarks>/reconcile.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs(times_input=4, minutes=30),
    params:
        # what is published and said is no part of what was found
        settings={
            key: value
            for key, value in settings.items()
            if key not in {"publish", "logging"}
        },
        code=code_digest("reconcile.py"),
    message:
        "Accounting for every store and every cent"
    script:
        "../../scripts/reconcile.py"


# The pictures of a stage are one job: others wait for none of its tables.
for stage in STAGES:
    drawn = [picture for picture in PICTURES if picture.stage == stage]

    rule:
        name:
            f"draw_{stage}"
        input:
            **sources(name for picture in drawn for name in picture.reads),
        output:
            **{
                picture.name: report(
                    f"<results>/report/{picture.name}.png",
                    caption=f"../report/pictures/{picture.name}.rst",
                    category="2 Pictures",
                    labels={"picture": picture.title},
                )
                for picture in drawn
            },
        log:
            f"<logs>/draw_{stage}.jsonl",
        benchmark:
            f"<benchmarks>/draw_{stage}.tsv"
        conda:
            "../../environment.yml"
        resources:
            **needs(times_input=20, minutes=30),
        params:
            code=code_of("draw_pictures.py", *drawn),
        message:
            f"Drawing pictures of {stage} clusters"
        script:
            "../../scripts/draw_pictures.py"


rule export_tables:
    input:
        **sources(export.source for export in EXPORTS.values()),
    output:
        **{
            name: report(
                f"<results>/report/{name}.csv",
                caption=f"../report/tables/{name}.rst",
                category="3 Tables",
                labels={"table": export.title},
            )
            for name, export in EXPORTS.items()
        },
    log:
        "<logs>/export_tables.jsonl",
    benchmark:
        "<benchmarks>/export_tables.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs(times_input=20, minutes=30),
    params:
        code=code_digest(
            "export_tables.py",
            *contract_files(export.source for export in EXPORTS.values()),
        ),
    message:
        "Writing tables as CSV"
    script:
        "../../scripts/export_tables.py"


for page in PAGES:
    shown = PICTURES if page.shows_pictures else []

    rule:
        name:
            f"write_{page.name}"
        input:
            **sources(page.reads),
            pictures=collect("<results>/report/{picture.name}.png", picture=shown),
        output:
            report(
                f"<results>/report/{page.file}",
                caption=f"../report/pages/{page.name}.rst",
                **page.report,
            ),
        log:
            f"<logs>/write_{page.name}.jsonl",
        benchmark:
            f"<benchmarks>/write_{page.name}.tsv"
        conda:
            "../../environment.yml"
        resources:
            **needs(times_input=40, minutes=60),
        params:
            page=page.name,
            titles={picture.name: picture.title for picture in shown},
            code=code_of("write_page.py", page),
        message:
            f"Writing {page.file}"
        script:
            "../../scripts/write_page.py"
