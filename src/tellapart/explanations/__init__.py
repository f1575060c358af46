"""Where a classifier looked, and why it answered as it did.

explanation.py              why a classifier says what it says about one photo
gallery.py                  explanations as a folder to look through
heatmap.py                  heat over a photo
nearest_training_photos.py  which training photos are most like a photo
network_input.py            what does the network see of a photo
quiz.py                     photos by chance, one after another, with guess and truth
regions.py                  where on a photo is it, in words
"""
