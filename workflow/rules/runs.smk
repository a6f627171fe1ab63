# What is kept and told of a run itself: its row in the history, and the last lines on the console.

noted = {}


def begin_run():
    """Note in the history that the run has started."""
    from store_clusters.tables.history import begin

    given = ", ".join(map(str, workflow.overwrite_configfiles))
    with only_warn(logger, "The history of runs could not be written"):
        jobs = sum(1 for _ in workflow.dag.needrun_jobs())
        noted.update(begin(RUN, STARTED, settings, given, jobs))


def end_run(outcome):
    """Note in the history how the run ended; return what its jobs said."""
    from store_clusters.tables.history import end

    said = Said(Path(settings["output"]["results"], "logs"), STARTED, RUN)
    if noted:
        with only_warn(logger, "The history of runs could not be written"):
            end(noted, outcome, time.time() - STARTED, said)
    return said
