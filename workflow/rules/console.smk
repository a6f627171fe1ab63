# Errors are shown whatever the verbosity; first, so that it holds for all that follows.

import sys
from pathlib import Path

sys.path.append(str(Path(workflow.basedir).parent / "scripts"))

from store_clusters.run.console import show_errors

QUIET = show_errors(logger, workflow.output_settings.quiet)
