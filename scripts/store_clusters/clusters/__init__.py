"""Clusters of one track: how many, which, how stable, what they explain held out.

How many: ``number_of_clusters`` gives the stores of a group as a trial (``trials``) to the
``criteria``, which ask for the gap and whether there are groups at all (``structure``, ``dip``),
whether clusters come back (``stability``) and what they explain of months held out
(``prediction``); ``partitions`` makes clusters of many numbers quickly. ``independence`` asks of
external clusters whether they are more than their features one by one.

Which: ``clustering`` runs one of the ``algorithms`` and numbers the clusters; ``limits`` keeps
their sizes, ``placing`` says where other stores belong. ``refits`` clusters resamples again.

Final clusters: ``steps`` says what a division of a category is, ``nesting`` what it is worth, by
sales in months held out (``held_out``), and ``parting`` how it takes one cluster more. That is for
the merge, and for what slices of a track are worth.
"""
