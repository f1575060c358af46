"""Where training examples come from: pixels or feature maps, cached and augmented.

augment.py        show another view of a photo each time
examples.py       where the training loop gets its examples from, and how they are made ready in threads ahead of
feature_cache.py  feature maps of photos before the last blocks, computed once by the engine and kept on disk
pixel_cache.py    photos as pixels, decoded once
"""
