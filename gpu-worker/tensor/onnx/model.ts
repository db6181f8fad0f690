/** @file Plain descriptions of an ONNX model and their encoding as a ModelProto. Knows no graph library. */
import { ProtobufWriter } from './protobuf-writer.ts';

/** Element types we emit, with their TensorProto.DataType numbers. */
export const ONNX_DTYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  bfloat16: 16,
} as const;
export type Dtype = keyof typeof ONNX_DTYPES;

export type AttributeValue =
  | { kind: 'int'; value: number }
  | { kind: 'float'; value: number }
  | { kind: 'string'; value: string }
  | { kind: 'ints'; value: readonly number[] };

export interface OnnxNode {
  opType: string;
  name: string;
  inputs: readonly string[];
  outputs: readonly string[];
  attributes: Readonly<Record<string, AttributeValue>>;
}

/** Where an initializer's bytes are: in the model itself, or in a file that the runtime maps. */
export type InitializerData =
  | { kind: 'inline'; bytes: Uint8Array }
  | { kind: 'external'; file: string; offset: number; byteLength: number };

export interface OnnxInitializer {
  name: string;
  dtype: Dtype;
  shape: readonly number[];
  data: InitializerData;
}

export interface OnnxValueInfo {
  name: string;
  dtype: Dtype;
  /** A size with a name is known at run time only. */
  shape: readonly (number | string)[];
  /** A sequence of such tensors instead of one. */
  sequence?: boolean;
}

export interface OnnxModel {
  nodes: readonly OnnxNode[];
  initializers: readonly OnnxInitializer[];
  inputs: readonly OnnxValueInfo[];
  outputs: readonly OnnxValueInfo[];
}

/** ONNX IR version 10 and operator set 21: the newest pair that every provider we use implements. */
const IR_VERSION = 10;
const OPSET = 21;

/**
 * Encodes a model as ONNX protobuf.
 *
 * External initializers are written as file locations relative to `/`, so the session must be
 * created with `model_external_initializers_file_folder_path = '/'`.
 *
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */
export function encodeModel(model: OnnxModel): Uint8Array {
  const graph = new ProtobufWriter();
  for (const node of model.nodes) graph.message(1, encodeNode(node));
  graph.string(2, 'rendition');
  for (const initializer of model.initializers) graph.message(5, encodeInitializer(initializer));
  for (const input of model.inputs) graph.message(11, encodeValueInfo(input));
  for (const output of model.outputs) graph.message(12, encodeValueInfo(output));

  return new ProtobufWriter()
    .varint(1, IR_VERSION)
    .string(2, 'rendition')
    .message(7, graph)
    .message(8, new ProtobufWriter().string(1, '').varint(2, OPSET))
    .finish();
}

function encodeNode(node: OnnxNode): ProtobufWriter {
  const writer = new ProtobufWriter();
  for (const input of node.inputs) writer.string(1, input);
  for (const output of node.outputs) writer.string(2, output);
  writer.string(3, node.name);
  writer.string(4, node.opType);
  for (const [name, attribute] of Object.entries(node.attributes)) {
    writer.message(5, encodeAttribute(name, attribute));
  }
  return writer;
}

function encodeAttribute(name: string, attribute: AttributeValue): ProtobufWriter {
  const writer = new ProtobufWriter().string(1, name);
  switch (attribute.kind) {
    case 'float':
      return writer.float(2, attribute.value).varint(20, 1);
    case 'int':
      return writer.varint(3, attribute.value).varint(20, 2);
    case 'string':
      return writer.string(4, attribute.value).varint(20, 3);
    case 'ints':
      return writer.packedVarints(8, attribute.value).varint(20, 7);
  }
}

function encodeInitializer({ name, dtype, shape, data }: OnnxInitializer): ProtobufWriter {
  const writer = new ProtobufWriter()
    .packedVarints(1, shape)
    .varint(2, ONNX_DTYPES[dtype])
    .string(8, name);
  if (data.kind === 'inline') return writer.bytes(9, data.bytes);
  const external = {
    location: data.file.replace(/^\/+/, ''),
    offset: String(data.offset),
    length: String(data.byteLength),
  };
  for (const [key, value] of Object.entries(external)) {
    writer.message(13, new ProtobufWriter().string(1, key).string(2, value));
  }
  return writer.varint(14, 1);
}

function encodeValueInfo({ name, dtype, shape, sequence = false }: OnnxValueInfo): ProtobufWriter {
  const dims = new ProtobufWriter();
  for (const size of shape) {
    const dim = new ProtobufWriter();
    dims.message(1, typeof size === 'string' ? dim.string(2, size) : dim.varint(1, size));
  }
  const tensorType = new ProtobufWriter().varint(1, ONNX_DTYPES[dtype]).message(2, dims);
  const type = new ProtobufWriter().message(1, tensorType);
  return new ProtobufWriter()
    .string(1, name)
    .message(
      2,
      sequence ? new ProtobufWriter().message(4, new ProtobufWriter().message(1, type)) : type,
    );
}
