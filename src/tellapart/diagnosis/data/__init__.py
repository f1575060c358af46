"""Is the test itself sound? Leaks, shift and shortcuts.

leak.py              is the test easier than the world, because copies of its photos were trained on?
properties.py        simple properties of photos, and how well each of them alone tells the classes apart
property_swap.py     what a classifier loses when a simple property of photos stops telling their class
shift.py             is the test of another kind than the photos to train on, and does that cost accuracy?
shortcut.py          has the classifier learned how photos were taken, and not what they show?
predictions_on_test.py  what the graded file answered on the test photos, read back from the run folder
"""
