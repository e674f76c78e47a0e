/** A model in ONNX' format (protocol buffers) that does nothing but C = A·B: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. */

const [VARINT, BYTES] = [0, 2];
const FLOAT = 1;

const varint = (x) => (x < 128 ? [x] : [(x & 127) | 128, ...varint(x >>> 7)]);
const number = (field, x) => [...varint((field << 3) | VARINT), ...varint(x)];
const bytes = (field, content) => [...varint((field << 3) | BYTES), ...varint(content.length), ...content];
const text = (field, s) => bytes(field, new TextEncoder().encode(s));
const message = (field, ...parts) => bytes(field, parts.flat());

/** Field `field` of a graph: a float matrix of order n with this name. */
function matrix(field, name, n) {
  const size = message(1, number(1, n)); //                      TensorShapeProto.dim { dim_value }
  const type = message(1, number(1, FLOAT), message(2, size, size)); // TypeProto.tensor_type { elem_type, shape }
  return message(field, text(1, name), message(2, type)); //     ValueInfoProto { name, type }
}

export function productModel(n) {
  const node = message(1, text(1, 'A'), text(1, 'B'), text(2, 'C'), text(4, 'MatMul')); // input, input, output, op_type
  const graph = message(7, node, text(2, 'product'), matrix(11, 'A', n), matrix(11, 'B', n), matrix(12, 'C', n));
  return Uint8Array.from([number(1, 8), graph, message(8, number(2, 13))].flat()); // ir_version, graph, opset_import
}
