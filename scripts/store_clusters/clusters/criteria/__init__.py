"""Criteria for the number of clusters; one file adds one, under the name the configuration uses.

A member has

``scores(trial) -> list[Score]``
    What it measures of the stores of a :class:`~store_clusters.clusters.trials.Trial` for every
    number of clusters, as (number, name of the score, value). The scores of all members are
    written, whichever decides, so names are those of one member. None where what it needs is
    absent, such as sales of months held out.
``choose(trial, scores) -> Choice``
    The number of clusters by this criterion, from the ``scores`` of all members, and how it came
    about. A criterion that is highest, or lowest, where a number is best calls
    :func:`~store_clusters.clusters.trials.best`, which says so.
"""

from store_clusters.run.registry import Registry

CRITERIA = Registry(__name__)
