/** @file Our encoder against an independent decoder of the same format. */
import { onnx } from 'onnx-proto';
import { expect, test } from 'vitest';
import { encodeModel } from './model.ts';

test('an independent decoder reads back what was written', () => {
  const bytes = encodeModel({
    nodes: [
      {
        opType: 'Conv',
        name: 'conv',
        inputs: ['x', 'w'],
        outputs: ['y'],
        attributes: {
          pads: { kind: 'ints', value: [1, 0, 1, 300] },
          auto: { kind: 'string', value: 'NÖ' },
          epsilon: { kind: 'float', value: 0.5 },
          axis: { kind: 'int', value: -1 },
        },
      },
    ],
    initializers: [
      {
        name: 'w',
        dtype: 'int64',
        shape: [2],
        data: { kind: 'inline', bytes: new Uint8Array(16).fill(7) },
      },
      {
        name: 'm',
        dtype: 'float16',
        shape: [3, 4],
        data: {
          kind: 'external',
          file: '/models/a.safetensors',
          offset: 3_000_000_001,
          byteLength: 24,
        },
      },
    ],
    inputs: [{ name: 'x', dtype: 'float32', shape: [] }],
    outputs: [
      { name: 'y', dtype: 'int32', shape: [1, 200_000] },
      { name: 'z', dtype: 'float16', shape: ['rows', 3], sequence: true },
    ],
  });

  const model = onnx.ModelProto.toObject(onnx.ModelProto.decode(bytes), { longs: Number });
  expect(model.irVersion).toBe(10);
  expect(model.opsetImport).toEqual([{ domain: '', version: 21 }]);
  const [node] = model.graph.node;
  expect(node).toMatchObject({ opType: 'Conv', name: 'conv', input: ['x', 'w'], output: ['y'] });
  const attributes = Object.fromEntries(
    node.attribute.map((entry: { name: string }) => [entry.name, entry]),
  );
  expect(attributes.pads).toMatchObject({ ints: [1, 0, 1, 300], type: 7 });
  expect(new TextDecoder().decode(attributes.auto.s)).toBe('NÖ');
  expect(attributes.epsilon).toMatchObject({ f: 0.5, type: 1 });
  expect(attributes.axis).toMatchObject({ i: -1, type: 2 });
  const [inline, external] = model.graph.initializer;
  expect(inline).toMatchObject({ name: 'w', dataType: 7, dims: [2] });
  expect([...inline.rawData]).toEqual(Array(16).fill(7));
  expect(external).toMatchObject({ name: 'm', dataType: 10, dims: [3, 4], dataLocation: 1 });
  expect(external.externalData).toEqual([
    { key: 'location', value: 'models/a.safetensors' },
    { key: 'offset', value: '3000000001' },
    { key: 'length', value: '24' },
  ]);
  const [output, sequence] = model.graph.output;
  expect(output.type.tensorType.shape.dim.map((dim: { dimValue: number }) => dim.dimValue)).toEqual(
    [1, 200_000],
  );
  const { elemType, shape } = sequence.type.sequenceType.elemType.tensorType;
  expect(elemType).toBe(10);
  expect(shape.dim).toMatchObject([{ dimParam: 'rows' }, { dimValue: 3 }]);
});
