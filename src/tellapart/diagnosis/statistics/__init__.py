"""Numbers only, no photos: intervals and laws that experiments share.

paired_differences.py  what a change is worth, photo by photo
power_law.py           the law of photos
seed_variance.py       what a change of the recipe gains, judged on the same unseen photos, when every training
subsets.py             nested subsets of photos that keep the classes in proportion and groups together
"""
