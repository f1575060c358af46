"""A model file and photos in; probabilities, embeddings and class maps out. ONNX Runtime only, never TensorFlow."""
