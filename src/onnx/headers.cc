#include "onnx/cut.h"
#include "onnx/graph.h"
#include "onnx/model.h"
#include "onnx/tensor.h"
