"""What is trained: backbones and their weights, the assembled Keras graph, and its way to ONNX."""
