# What is kept and told of a run itself: its row in the history, and the last lines on the console.

from store_clusters.run.console import hold
from store_clusters.run.run_id import VARIABLE as RUN_VARIABLE
from store_clusters.run.unchanged import note_inputs, of_the_future, state

noted = {}
held = []
PLANNED = (
    {file: state(file) for file in inputs.files} if workflow.is_main_process else {}
)

if late := of_the_future(PLANNED):
    refuse(
        logger,
        f"Input: {late}: changed at a time that is still to come, so that it cannot be told what "
        "is newer. Set the clock, or the time of the files: touch.",
        IS_MODULE,
    )
made = f"{settings['output']['results']}/run.json"
if workflow.is_main_process and of_the_future({made: state(made)}):
    logger.warning(
        f"Results: {made} was made at a time that is still to come: the clock was set back. "
        "Steps may fail, or be thought done that are not: run once with --forceall."
    )


# pods get it from here; all other jobs inherit it
envvars:
    RUN_VARIABLE,


# They look at inputs, and are no runs of which a history is kept.
LOOKS = {"init", "check", "check_inputs"}


def begin_run():
    """Note in the history that the run has started."""
    from store_clusters.tables.history import begin

    logs = Path(settings["output"]["results"], "logs")
    jobs = list(workflow.dag.needrun_jobs())
    made = {str(file) for job in jobs for file in job.output}  # as the demo is
    with only_warn(logger, "The folder of results could not be held for this run"):
        held.append(hold(logs))
        given = {file: of for file, of in PLANNED.items() if file not in made}
        note_inputs(logs / "inputs.json", given)
    files = ", ".join(
        str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)
        for path in map(Path, workflow.overwrite_configfiles)
    )
    if {job.rule.name for job in jobs} <= LOOKS:
        return
    with only_warn(logger, "The history of runs could not be written"):
        noted.update(begin(RUN, STARTED, settings, files, len(jobs)))


def end_run(outcome):
    """Note in the history how the run ended; return what its jobs said."""
    from store_clusters.tables.history import end

    said = Said(Path(settings["output"]["results"], "logs"), STARTED, RUN)
    if noted:
        with only_warn(logger, "The history of runs could not be written"):
            end(noted, outcome, time.time() - STARTED, said)
    return said
