"""A model file and photos in; probabilities, embeddings and class maps out. Owns ONNX Runtime, never TensorFlow.

denormals.py        numbers too small to matter count as nothing while the engine works
embed.py            the first look at every photo of a table
embedding_cache.py  remember embeddings by the content of a photo, so that a second run on the same photos does
file_mark.py        what tells, without reading a file, that its content is what it was
grade.py            grade photos that a model file has seen, and say which of them it was trained on
inputs.py           what a person names to be predicted
maps.py             where on a photo is what speaks for each class
predictions.py      what was predicted for each photo, and how it is written down for other programs
predictor.py        from photos to predictions
request_limits.py   what was asked for, or its absence, becomes rules
session.py          load a model file into ONNX Runtime, prove that it computes what it should, and run it
stream.py           from photos to rows of numbers, in order, on all cores, with memory that does not grow
white_level.py      one white for all photos of a folder that have more than 8 bits a level, though nobody knows
"""
