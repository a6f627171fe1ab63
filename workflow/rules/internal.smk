# Sales: from files to sales by category, store and need state.


rule make_demo:
    output:
        sales=DEMO_FILES["sales"],
        products=DEMO_FILES["products"],
        demographics=DEMO_FILES["demographics"],
        foot_traffic=DEMO_FILES["foot_traffic"],
        competitors=DEMO_FILES["competitors"],
        true_stores=DEMO_FILES["true_stores"],
        true_segments=DEMO_FILES["true_segments"],
    log:
        "<logs>/make_demo.jsonl",
    benchmark:
        "<benchmarks>/make_demo.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs(mb=1000, times_input=0, minutes=10),
    params:
        seed=42,
        code=code_digest("../resources/make_demo.py"),
    message:
        "Making the demo retailer"
    script:
        "../../resources/make_demo.py"


# Asked for by hand, and each time made anew.
rule check_inputs:
    input:
        inputs.files,
    output:
        "<results>/check.json",
    log:
        "<logs>/check_inputs.jsonl",
    benchmark:
        "<benchmarks>/check_inputs.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs(times_input=0, minutes=10),
    params:
        inputs=settings["inputs"],
        files=inputs.by_source,
        checks=settings["checks"],
        run=RUN,
        code=code_digest("check_inputs.py"),
    message:
        "Looking at the inputs"
    script:
        "../../scripts/check_inputs.py"


rule aggregate_sales:
    input:
        sales=lookup(dpath="{part}", within=inputs.sales),
    output:
        part="<results>/internal/sales/{part}.parquet",
        receipt="<results>/internal/sales/{part}.json",
    log:
        "<logs>/aggregate_sales/{part}.jsonl",
    benchmark:
        "<benchmarks>/aggregate_sales/{part}.tsv"
    conda:
        "../../environment.yml"
    resources:
        **needs(times_input=0.1, minutes=60),
    params:
        source=inputs.sales_source(settings["inputs"]["sales"]),
        bytes=lookup(
            dpath="{part}",
            within={part: inputs.sizes([file]) for part, file in inputs.sales.items()},
        ),
        code=code_digest("aggregate_sales.py"),
    message:
        "Adding up the sales of {input.sales}"
    script:
        "../../scripts/aggregate_sales.py"


rule map_products:
    input:
        parts=collect("<results>/internal/sales/{part}.parquet", part=inputs.sales),
        products=inputs.products,
    output:
        need_states="<results>/internal/need_states.parquet",
        stores="<results>/internal/stores.parquet",
        set_aside="<results>/internal/set_aside.parquet",
    log:
        "<logs>/map_products.jsonl",
    benchmark:
        "<benchmarks>/map_products.tsv"
    conda:
        "../../environment.yml"
    threads: 2
    resources:
        **needs(mb=1600, times_input=4, minutes=60),
    params:
        source=settings["inputs"]["products"],
        bytes=inputs.sizes(inputs.products),
        groups=settings["internal"]["groups"],
        window={key: settings["inputs"]["sales"][key] for key in ("from", "to")},
        incomplete=settings["inputs"]["sales"]["incomplete"],
        code=code_digest("map_products.py"),
    message:
        "Mapping sales to categories and need states"
    script:
        "../../scripts/map_products.py"
