"""What is trained: one list of blocks for every builder (ONNX, Keras, NumPy), pretrained weights, networks of our own.

assemble.py          put a backbone and a linear head together into one flat Keras graph with the outputs that a
backbone_file.py     the backbone as a model file of its own, exported once and kept in the user's cache folder
backbones.py         assemble an EfficientNet-Lite backbone in Keras and pour the pretrained weights into it
blocks.py            EfficientNet-Lite as a list of blocks, and its pretrained weights in their order
classic.py           the origin's network, layer by layer, as the baseline that everything else is measured
compact.py           a compact residual network for training from nothing on a processor
family.py            the family of pretrained backbones
keras_file.py        a classifier on a pretrained backbone as a Keras model, taken out of its model file
keras_setup.py       import Keras without noise or traces, set as the networks here need it
layers.py            layers that Keras lacks and our graphs need
linear_head.py       a linear classifier on embeddings
numpy_backbone.py    a pretrained backbone in plain NumPy, to check what is shipped
onnx_backbone.py     write a pretrained backbone as ONNX straight from its checkpoint, and put a head on it
onnx_export.py       write a Keras graph as ONNX, one layer after another
tail.py              cut a classifier in two
torch_checkpoint.py  read a legacy PyTorch checkpoint without PyTorch, as numbers and nothing else
"""
