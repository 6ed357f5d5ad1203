"""Makes EfficientNet-Lite0 as an ONNX model out of its PyTorch weights.

    efficientnet_lite0.py WEIGHTS.pth MODEL.onnx

Input `images` [batch, 3, 224, 224] (RGB, (pixel - 127) / 128), output `logits` [batch, 1000]. Batch
normalisation is folded into the convolutions. Needs neither PyTorch nor ONNX's Python package: the
weights are read with a restricted unpickler, and protoc encodes the model.

Architecture: https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite
"""

import array
import collections
import math
import os
import pickle
import subprocess
import sys

# One line per stage: how many blocks, kernel size, stride of the first block, expansion, channels.
STAGES = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
]
BATCH_NORM_EPSILON = 1e-3
IMAGE_SIZE = 224

Tensor = collections.namedtuple("Tensor", ["dims", "data"])


class WeightsUnpickler(pickle.Unpickler):
    """Reads what torch.save wrote before PyTorch 1.6, and can build nothing but tensors."""

    def __init__(self, file):
        super().__init__(file)
        self.storages = {}

    def find_class(self, module, name):
        allowed = {
            ("collections", "OrderedDict"): collections.OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2"): lambda storage, offset, size, stride, *_: (
                storage, offset, size, stride),
            ("torch", "FloatStorage"): "f",
            ("torch", "LongStorage"): "q",
        }
        if (module, name) not in allowed:
            raise pickle.UnpicklingError(f"the weights ask for {module}.{name}")
        return allowed[module, name]

    def persistent_load(self, reference):
        _, element, key, _, count, _ = reference
        return self.storages.setdefault(key, (array.array(element), count))


def read_weights(path):
    """The tensors of a .pth file by name."""
    with open(path, "rb") as file:
        for _ in range(3):  # magic number, version, sizes of C types
            WeightsUnpickler(file).load()
        unpickler = WeightsUnpickler(file)
        entries = unpickler.load()
        for key in WeightsUnpickler(file).load():
            storage, count = unpickler.storages[key]
            if int.from_bytes(file.read(8), "little") != count:
                raise ValueError(f"{path}: storage {key} is not as long as announced")
            storage.fromfile(file, count)
    tensors = {}
    for name, ((storage, _), offset, dims, stride) in entries.items():
        places = [offset]  # of each element, row by row: some tensors are stored transposed
        for dim, step in zip(dims, stride):
            places = [place + i * step for place in places for i in range(dim)]
        tensors[name] = Tensor(dims, [storage[place] for place in places])
    return tensors


ESCAPES = [f"\\{byte:03o}" for byte in range(256)]


class Graph:
    """A GraphProto in protobuf's text format. A node's output is named as the node, unless said."""

    def __init__(self, tensors):
        self.tensors = tensors
        self.lines = ['name: "efficientnet-lite0"']

    def weight(self, name, dims, data):
        raw = "".join([ESCAPES[byte] for byte in array.array("f", data).tobytes()])
        dims = " ".join(f"dims: {dim}" for dim in dims)
        self.lines.append(f'initializer {{ name: "{name}" {dims} data_type: 1 raw_data: "{raw}" }}')
        return name

    def value(self, kind, name, dims):
        dims = " ".join(f"dim {{ dim_value: {dim} }}" for dim in dims)
        self.lines.append(f'{kind} {{ name: "{name}" type {{ tensor_type {{ elem_type: 1 shape {{ '
                          f'dim {{ dim_param: "batch" }} {dims} }} }} }} }}')

    def node(self, op, name, inputs, output=None, **attributes):
        fields = [f'op_type: "{op}" name: "{name}" output: "{output or name}"']
        fields += [f'input: "{read}"' for read in inputs]
        for key, value in attributes.items():
            if isinstance(value, int):
                fields.append(f'attribute {{ name: "{key}" type: INT i: {value} }}')
            else:
                ints = " ".join(f"ints: {item}" for item in value)
                fields.append(f'attribute {{ name: "{key}" type: INTS {ints} }}')
        self.lines.append(f"node {{ {' '.join(fields)} }}")
        return output or name

    def conv(self, name, read, conv, norm, stride=1, size=1, output=None):
        """A convolution with the batch normalisation behind it; padded as TensorFlow's SAME."""
        dims, kernel = self.tensors[conv + ".weight"]
        gamma, beta, mean, variance = (
            self.tensors[f"{norm}.{part}"].data
            for part in ("weight", "bias", "running_mean", "running_var"))
        scale = [g / math.sqrt(v + BATCH_NORM_EPSILON) for g, v in zip(gamma, variance)]
        per_channel = len(kernel) // dims[0]
        folded = [weight * scale[i // per_channel] for i, weight in enumerate(kernel)]
        bias = [b - m * s for b, m, s in zip(beta, mean, scale)]
        side = dims[2]
        padding = max((math.ceil(size / stride) - 1) * stride + side - size, 0)
        before, after = padding // 2, padding - padding // 2
        return self.node(
            "Conv", name,
            [read, self.weight(name + ".weight", dims, folded),
             self.weight(name + ".bias", dims[:1], bias)],
            output, kernel_shape=(side, side), strides=(stride, stride),
            pads=(before, before, after, after),
            group=dims[0] if dims[1] == 1 else 1)

    def relu6(self, read):
        return self.node("Clip", read + ".relu6", [read, "zero", "six"])


def efficientnet_lite0(tensors):
    graph = Graph(tensors)
    graph.value("input", "images", (3, IMAGE_SIZE, IMAGE_SIZE))
    graph.weight("zero", (), [0.0])
    graph.weight("six", (), [6.0])

    x = graph.relu6(graph.conv("stem", "images", "_conv_stem", "_bn0", 2, IMAGE_SIZE))
    size, channels, number = IMAGE_SIZE // 2, 32, 0
    for stage, (blocks, kernel, first_stride, expansion, width) in enumerate(STAGES):
        for repeat in range(blocks):
            name, source = f"blocks.{stage}.{repeat}", f"_blocks.{number}."
            stride = first_stride if repeat == 0 else 1
            skip = stride == 1 and channels == width
            inner = x
            if expansion != 1:
                inner = graph.relu6(graph.conv(name + ".expand", inner, source + "_expand_conv",
                                               source + "_bn0"))
            inner = graph.relu6(graph.conv(name + ".depthwise", inner, source + "_depthwise_conv",
                                           source + "_bn1", stride, size))
            inner = graph.conv(name + ".project", inner, source + "_project_conv", source + "_bn2",
                               output=None if skip else name)
            x = graph.node("Add", name + ".add", [inner, x], name) if skip else inner
            size, channels, number = math.ceil(size / stride), width, number + 1

    x = graph.relu6(graph.conv("head", x, "_conv_head", "_bn1"))
    x = graph.node("Flatten", "flatten", [graph.node("GlobalAveragePool", "pool", [x])])
    graph.node("Gemm", "classifier",
               [x, graph.weight("classifier.weight", *tensors["_fc.weight"]),
                graph.weight("classifier.bias", *tensors["_fc.bias"])], "logits", transB=1)
    graph.value("output", "logits", (1000,))
    return "\n".join(['ir_version: 8 producer_name: "convoy" opset_import { version: 17 }',
                      "graph {", *graph.lines, "}"])


def main():
    weights, model = sys.argv[1:]
    text = efficientnet_lite0(read_weights(weights))
    aside = model + ".new"
    with open(aside, "wb") as file:
        subprocess.run(["protoc", "--encode=onnx.ModelProto", "-I/usr/include/onnx", "onnx.proto"],
                       input=text.encode(), stdout=file, check=True)
    os.replace(aside, model)


if __name__ == "__main__":
    main()
