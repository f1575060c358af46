"""The model file: what is in it, how it is written so that it loses nothing, how it is read so that it runs nothing.

file.py            read a model file as what it is, data from a stranger, and write it so that it survives a crash
graph.py           build an ONNX graph node by node, with names that a person can read in a viewer
inference_cost.py  how large does everything become that a model file computes, and how much work is it
manifest.py        what a model file says about itself
novelty.py         how unlike every training photo is a photo
patterns.py        seeded test patterns
seal.py            a checksum over every byte of a model file, which the file carries in its own manifest
shapes.py          what shape each operator of a model file gives, and what it costs
wire.py            look over the bytes of a model file before any library does, and leave the weights out
"""

from tellapart.libraries import importing

with importing("onnx"):  # the first import of it, whichever module needs it
    import onnx as onnx
