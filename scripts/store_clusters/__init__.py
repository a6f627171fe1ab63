"""Groups a retailer's stores by what they sell and where they stand.

The stages in the order of the data: ``inputs``, ``sales``, ``features``, ``clusters``, ``merge``,
``describe``, ``report``. Each imports only stages before it, and ``tables`` and ``run``, which know
none of them.
"""
