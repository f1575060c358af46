"""The run folder: its one owner at a time, its one reader and writer.

folder.py       a finished run, read from its folder
ownership.py    the folder that a run writes into
provenance.py   what a run notes about itself
splits_file.py  splits.csv
"""
