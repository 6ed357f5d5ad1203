"""Makes a model of 3 GB, its weights in a file beside it: large_model.py FOLDER."""
import sys

import numpy
import onnx
from onnx import TensorProto, helper

folder = sys.argv[1]
WIDTH, LAYERS = 4096, 48
nodes, weights, last = [], [], "x"
with open(f"{folder}/weights.bin", "wb") as data:
    for i in range(LAYERS):
        content = numpy.random.default_rng(i).standard_normal((WIDTH, WIDTH), dtype=numpy.float32)
        data.write((content * 0.01).tobytes())
        weight = TensorProto(name=f"w{i}", data_type=TensorProto.FLOAT, dims=[WIDTH, WIDTH],
                             data_location=TensorProto.EXTERNAL)
        entries = {"location": "weights.bin", "offset": i * content.nbytes, "length": content.nbytes}
        for key, text in entries.items():
            weight.external_data.add(key=key, value=str(text))
        weights.append(weight)
        result = "y" if i == LAYERS - 1 else f"t{i}"
        nodes += [helper.make_node("MatMul", [last, f"w{i}"], [f"m{i}"]),
                  helper.make_node("Tanh", [f"m{i}"], [result])]
        last = result
ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, WIDTH]) for name in "xy"]
graph = helper.make_graph(nodes, "large", ports[:1], ports[1:], weights)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
onnx.save(model, f"{folder}/model.onnx")
