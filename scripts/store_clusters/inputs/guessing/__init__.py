"""Guess from the files of a folder which are sales, product map and external sources, and how so.

``found`` lists the tables of a folder, ``written`` says how a text is written, ``facts`` what a
column holds, ``hints`` what its name says, ``links`` which columns identify the same things;
``sales``, ``products`` and ``external`` decide what is which, and ``draft`` writes it down.
"""
