"""The run folder: its one owner at a time, its one reader and writer.

lenient.py      the files of a run folder, read for the page
ownership.py    the folder that a run writes into
provenance.py   what a run notes about itself
splits_file.py  splits.csv
"""
