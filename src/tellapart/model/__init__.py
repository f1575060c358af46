"""The model file: what is in it, how it is written so that it loses nothing, how it is read so that it runs nothing."""

from tellapart.libraries import importing

with importing("onnx"):  # the first import of it, whichever module needs it
    import onnx as onnx
