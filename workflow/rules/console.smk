# Where the library is; and errors that are shown whatever the verbosity: first, so that both hold
# for all that follows.

import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError

HERE = workflow.current_basedir.get_path_or_uri(secret_free=True)
SCRIPTS = Path(HERE).parents[1] / "scripts"
if not SCRIPTS.is_dir():
    raise WorkflowError(
        f"{HERE}: the scripts import a library that lies beside them, so the workflow is used "
        "from a folder on disk. Clone it, and give the path of its workflow/Snakefile."
    )
sys.path.append(str(SCRIPTS))

from store_clusters.run.console import show_errors, tell_watchers

show_errors(logger, workflow.output_settings.quiet)
tell_watchers(workflow.logger_manager)
