# What a person reads about a run: the account, the pictures, the page.


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
        settings=settings,
        files=inputs.files,
        code=code_digest("reconcile.py"),
    message:
        "Accounting for every store and every cent"
    script:
        "../../scripts/reconcile.py"


rule draw_figures:
    input:
        run="<results>/run.json",
        clusters="<merged>/clusters.parquet",
        stability="<merged>/stability.parquet",
        numbers="<merged>/numbers.parquet",
        categories="<merged>/categories.parquet",
        profiles="<merged>/profiles.parquet",
        places="<results>/external/places.parquet",
        internal_k="<results>/internal/k.parquet",
        internal_k_scores="<results>/internal/k_scores.parquet",
        internal_clusters="<results>/internal/clusters.parquet",
        internal_reduced="<results>/internal/reduced.parquet",
        internal_loadings="<results>/internal/loadings.parquet",
        internal_profiles="<results>/internal/profiles.parquet",
        external_k="<results>/external/k.parquet",
        external_k_scores="<results>/external/k_scores.parquet",
        external_clusters="<results>/external/clusters.parquet",
        external_reduced="<results>/external/reduced.parquet",
        external_loadings="<results>/external/loadings.parquet",
        external_profiles="<results>/external/profiles.parquet",
        labels="<merged>/labels.parquet",
    output:
        **{
            picture: report(
                f"<results>/report/{picture}.png",
                caption=f"../report/pictures/{picture}.rst",
                category="2 Pictures",
                labels={"picture": title},
            )
            for picture, title in PICTURES.items()
        },
    log:
        "<logs>/draw_figures.jsonl",
    benchmark:
        "<benchmarks>/draw_figures.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs(times_input=20, minutes=30),
    params:
        code=code_digest("draw_figures.py"),
    message:
        "Drawing the pictures"
    script:
        "../../scripts/draw_figures.py"


rule write_page:
    input:
        run="<results>/run.json",
        clusters="<merged>/clusters.parquet",
        names="<merged>/names.parquet",
        profiles="<merged>/profiles.parquet",
        drivers="<merged>/drivers.parquet",
        rules="<merged>/rules.parquet",
        store_reasons="<merged>/store_reasons.parquet",
        folds="<merged>/folds.parquet",
        stability="<merged>/stability.parquet",
        numbers="<merged>/numbers.parquet",
        categories="<merged>/categories.parquet",
        internal_profiles="<results>/internal/profiles.parquet",
        external_profiles="<results>/external/profiles.parquet",
        internal_k="<results>/internal/k.parquet",
        external_k="<results>/external/k.parquet",
        pictures=collect("<results>/report/{picture}.png", picture=PICTURES),
        labels="<merged>/labels.parquet",
        set_aside="<results>/external/set_aside.parquet",
    output:
        **{
            table: report(
                f"<results>/report/{table}.csv",
                caption=f"../report/tables/{table}.rst",
                category="3 Tables",
                labels={"table": title},
            )
            for table, title in TABLES.items()
        },
        page=report(
            "<results>/report/index.html",
            caption="../report/page.rst",
            category="1 Pages",
            labels={"page": "all results"},
        ),
    log:
        "<logs>/write_page.jsonl",
    benchmark:
        "<benchmarks>/write_page.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs(times_input=20, minutes=30),
    params:
        tables=TABLES,
        pictures=PICTURES,
        code=code_digest("write_page.py", "../workflow/report/page.html.j2"),
    message:
        "Writing the page of results"
    script:
        "../../scripts/write_page.py"


rule write_explorer:
    input:
        run="<results>/run.json",
        clusters="<merged>/clusters.parquet",
        names="<merged>/names.parquet",
        stability="<merged>/stability.parquet",
        profiles="<merged>/profiles.parquet",
        drivers="<merged>/drivers.parquet",
        rules="<merged>/rules.parquet",
        reasons="<merged>/store_reasons.parquet",
        categories="<merged>/categories.parquet",
        internal_k="<results>/internal/k.parquet",
        external_k="<results>/external/k.parquet",
        places="<results>/external/places.parquet",
        labels="<merged>/labels.parquet",
    output:
        report(
            "<results>/report/explorer.html",
            caption="../report/explorer.rst",
            category="1 Pages",
            labels={"page": "explorer: clusters and stores"},
        ),
    log:
        "<logs>/write_explorer.jsonl",
    benchmark:
        "<benchmarks>/write_explorer.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs(times_input=40, minutes=30),
    params:
        code=code_digest(
            "write_explorer.py",
            "../workflow/report/explorer.html.j2",
            "../workflow/report/explorer.css",
            "../workflow/report/explorer.js",
        ),
    message:
        "Writing the explorer"
    script:
        "../../scripts/write_explorer.py"


rule write_workbook:
    input:
        run="<results>/run.json",
        clusters="<merged>/clusters.parquet",
        names="<merged>/names.parquet",
        stability="<merged>/stability.parquet",
        profiles="<merged>/profiles.parquet",
        reasons="<merged>/store_reasons.parquet",
        places="<results>/external/places.parquet",
        labels="<merged>/labels.parquet",
    output:
        report(
            "<results>/report/clusters.xlsx",
            caption="../report/tables/workbook.rst",
            category="3 Tables",
            labels={"table": "workbook for planners"},
        ),
    log:
        "<logs>/write_workbook.jsonl",
    benchmark:
        "<benchmarks>/write_workbook.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs(times_input=40, minutes=60),
    params:
        code=code_digest("write_workbook.py"),
    message:
        "Writing the workbook for planners"
    script:
        "../../scripts/write_workbook.py"
