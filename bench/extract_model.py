"""Cuts a model in two with onnx.utils.extract_model: extract_model.py MODEL VALUE FOLDER."""
import sys

import onnx
import onnx.utils

model, value, folder = sys.argv[1:]
graph = onnx.load(model, load_external_data=False).graph
weights = {weight.name for weight in graph.initializer}
inputs = [port.name for port in graph.input if port.name not in weights]
outputs = [port.name for port in graph.output]
onnx.utils.extract_model(model, f"{folder}/front.onnx", inputs, [value])
onnx.utils.extract_model(model, f"{folder}/back.onnx", [value], outputs)
