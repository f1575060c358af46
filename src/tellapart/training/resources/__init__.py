"""What a run can afford: memory, disk, time, and the image sizes that fit.

image_sizes.py  how large the squares may be that a network is trained on from nothing, so that it still sees
memory.py       whether a run has the memory and the disk that training will take, asked before it begins
time_budget.py  keep a promise of time
"""
