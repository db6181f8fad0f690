/** @file Symbolic graphs: values with known dtype and static shape, ONNX nodes, and the tape that autodiff reads. */
import {
  type AttributeValue,
  type Dtype,
  encodeModel,
  type InitializerData,
  type OnnxInitializer,
  type OnnxNode,
} from '../onnx/model.ts';
import type { DifferentiableOp } from './differentiable-ops.ts';
import { peakElements } from './memory.ts';
import { sizeOf } from './shape.ts';

const FLOAT32_BYTES = 4;

/** One tensor of a graph. Its shape is static; `[]` is a scalar. */
export interface Value {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly graph: Graph;
}

/**
 * One differentiable application on the tape. `op` names the vjp rule; one entry may stand for
 * several ONNX nodes (a group norm, say), whose inner values it keeps in `saved`.
 */
export interface TapeEntry {
  readonly op: DifferentiableOp;
  readonly inputs: readonly Value[];
  readonly output: Value;
  readonly saved: readonly Value[];
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A stretch of the forward pass that the backward pass computes again instead of keeping what is in it. */
export interface Segment {
  /** The activations that it begins from; they are kept. */
  readonly inputs: readonly Value[];
  /** `[first, end)` of the graph's nodes. */
  readonly nodes: readonly [number, number];
  /** `[first, end)` of the tape. */
  readonly tape: readonly [number, number];
}

/** Collects nodes, initializers, inputs and outputs, and encodes them as an ONNX model. */
export class Graph {
  readonly tape: TapeEntry[] = [];
  readonly segments: Segment[] = [];
  readonly #nodes: OnnxNode[] = [];
  readonly #initializers: OnnxInitializer[] = [];
  readonly #inputs: Value[] = [];
  readonly #outputs: { name: string; value: Value }[] = [];
  readonly #values = new Map<string, Value>();
  readonly #constants = new Map<string, Value>();
  #counter = 0;

  /**
   * Declares a graph input.
   * @throws {Error} when the name is taken
   */
  input(name: string, dtype: Dtype, shape: readonly number[]): Value {
    const value = this.#value(name, dtype, shape);
    this.#inputs.push(value);
    return value;
  }

  /** Declares `value` as the graph output called `name`. */
  output(name: string, value: Value): void {
    this.#outputs.push({ name, value });
  }

  /** A tensor stored in the model or in a mapped file. */
  initializer(name: string, dtype: Dtype, shape: readonly number[], data: InitializerData): Value {
    const value = this.#value(name, dtype, shape);
    this.#initializers.push({ name, dtype, shape, data });
    return value;
  }

  /** A float32 constant; equal small constants are stored once. */
  constant(data: readonly number[] | number, shape: readonly number[] = []): Value {
    const values = typeof data === 'number' ? [data] : data;
    return this.#constant(
      'float32',
      shape,
      new Uint8Array(Float32Array.from(values).buffer),
      values,
    );
  }

  /** An int64 constant, as shape and axes operands need. */
  int64(values: readonly number[], shape: readonly number[] = [values.length]): Value {
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    return this.#constant('int64', shape, bytes, values);
  }

  /** Adds one ONNX node. An output described by `null` is left unnamed (an absent optional output). */
  emit(
    opType: string,
    inputs: readonly (Value | null)[],
    outputs: readonly { dtype: Dtype; shape: readonly number[] }[],
    attributes: Record<string, number | string | readonly number[] | AttributeValue> = {},
  ): Value[] {
    for (const input of inputs) {
      if (input && input.graph !== this)
        throw new Error(`${opType}: ${input.name} is of another graph`);
    }
    const values = outputs.map(({ dtype, shape }) =>
      this.#value(`${opType}_${this.#counter++}`, dtype, shape),
    );
    this.#nodes.push({
      opType,
      name: values[0]!.name,
      inputs: inputs.map((input) => input?.name ?? ''),
      outputs: values.map((value) => value.name),
      attributes: Object.fromEntries(
        Object.entries(attributes).map(([key, value]) => [key, toAttribute(value)]),
      ),
    });
    return values;
  }

  /** Writes an application on the tape, so that `backward` can find its rule. */
  record(
    op: DifferentiableOp,
    inputs: readonly Value[],
    output: Value,
    details: { saved?: readonly Value[]; attributes?: Record<string, unknown> } = {},
  ): Value {
    const { saved = [], attributes = {} } = details;
    this.tape.push({ op, inputs, output, saved, attributes });
    return output;
  }

  /** Keeps what `build` adds off the tape: the caller records the whole as one op. */
  untaped<T>(build: () => T): T {
    const { length } = this.tape;
    const result = build();
    this.tape.length = length;
    return result;
  }

  /**
   * Marks what `build` adds as a {@link Segment}. Segments follow one another; they do not nest.
   * @param inputs activations from outside that `build` uses; weights need not be named
   */
  checkpoint(inputs: readonly Value[], build: () => Value): Value {
    const [firstNode, firstEntry] = [this.#nodes.length, this.tape.length];
    const output = build();
    if ((this.segments.at(-1)?.nodes[1] ?? 0) > firstNode)
      throw new Error('graph: segments do not nest');
    this.segments.push({
      inputs,
      nodes: [firstNode, this.#nodes.length],
      tape: [firstEntry, this.tape.length],
    });
    return output;
  }

  /**
   * Adds a segment's nodes once more.
   * @param replacements by name, what stands for a value from outside
   * @returns by name, what stands for each value of the segment; replacements included
   */
  replay({ nodes: [first, end] }: Segment, replacements: ReadonlyMap<string, Value>) {
    const replayed = new Map(replacements);
    const standIn = (name: string): Value | null =>
      name === '' ? null : (replayed.get(name) ?? this.#values.get(name)!);
    for (const node of this.#nodes.slice(first, end)) {
      const outputs = node.outputs.map((name) => this.#values.get(name)!);
      const again = this.emit(node.opType, node.inputs.map(standIn), outputs, node.attributes);
      for (const [i, value] of again.entries()) replayed.set(node.outputs[i]!, value);
    }
    return replayed;
  }

  /** Number of nodes that reach an output. */
  nodeCount(): number {
    return this.#live().nodes.length;
  }

  /** Files that weights are mapped from. */
  weightFiles(): string[] {
    const files = this.#initializers.flatMap(({ data }) =>
      data.kind === 'external' ? [data.file] : [],
    );
    return [...new Set(files)];
  }

  /**
   * Estimates the memory that a session of this graph holds: its constants, in float32 whatever they
   * are stored as, since they are cast and packed once; and the most that its results take at one
   * time, which the runtime keeps for the next run.
   */
  residentBytes(): number {
    const { nodes, used } = this.#live();
    const constants = this.#initializers.filter(({ name }) => used.has(name));
    const constantNames = new Set(constants.map(({ name }) => name));
    // What is made of constants alone is computed once and is counted as they are.
    const results = nodes.filter(({ inputs, outputs }) => {
      const isConstant = inputs.every((name) => name === '' || constantNames.has(name));
      if (isConstant) for (const output of outputs) constantNames.add(output);
      return !isConstant;
    });
    const elementsOf = (name: string) => sizeOf(this.#values.get(name)!.shape);
    const outputs = this.#outputs.map(({ value }) => value.name);
    const weights = constants.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    return FLOAT32_BYTES * (weights + peakElements(results, outputs, elementsOf));
  }

  /**
   * Encodes the graph; nodes and initializers that reach no output are left out.
   * @param options.emptySequence name of an empty sequence to put before the other outputs
   */
  encode({ emptySequence }: { emptySequence?: string } = {}): Uint8Array {
    const { nodes, used } = this.#live();
    // ONNX wants each output under its own name: an Identity renames, unless the producer can.
    const renames = new Map<string, string>();
    const identities: OnnxNode[] = [];
    const inputNames = new Set(this.#inputs.map((input) => input.name));
    const initializerNames = new Set(this.#initializers.map(({ name }) => name));
    for (const { name, value } of this.#outputs) {
      if (
        renames.has(value.name) ||
        inputNames.has(value.name) ||
        initializerNames.has(value.name)
      ) {
        identities.push({
          opType: 'Identity',
          name: `out_${name}`,
          inputs: [renames.get(value.name) ?? value.name],
          outputs: [name],
          attributes: {},
        });
      } else renames.set(value.name, name);
    }
    const rename = (name: string) => renames.get(name) ?? name;
    const first =
      emptySequence === undefined
        ? []
        : [{ name: emptySequence, dtype: 'float32' as const, shape: [], sequence: true }];
    return encodeModel({
      nodes: [
        ...first.map(({ name }) => ({
          opType: 'SequenceEmpty',
          name,
          inputs: [],
          outputs: [name],
          attributes: {},
        })),
        ...nodes.map((node) => ({
          ...node,
          inputs: node.inputs.map(rename),
          outputs: node.outputs.map(rename),
        })),
        ...identities,
      ],
      initializers: this.#initializers.filter(({ name }) => used.has(name)),
      inputs: this.#inputs,
      outputs: [
        ...first,
        ...this.#outputs.map(({ name, value }) => ({
          name,
          dtype: value.dtype,
          shape: value.shape,
        })),
      ],
    });
  }

  #live(): { nodes: OnnxNode[]; used: Set<string> } {
    const used = new Set(this.#outputs.map(({ value }) => value.name));
    const nodes: OnnxNode[] = [];
    for (let i = this.#nodes.length - 1; i >= 0; i--) {
      const node = this.#nodes[i]!;
      if (!node.outputs.some((output) => used.has(output))) continue;
      for (const input of node.inputs) used.add(input);
      nodes.push({
        ...node,
        outputs: node.outputs.map((output) =>
          used.has(output) || output === node.outputs[0] ? output : '',
        ),
      });
    }
    return { nodes: nodes.reverse(), used };
  }

  #constant(
    dtype: Dtype,
    shape: readonly number[],
    bytes: Uint8Array,
    values: readonly number[],
  ): Value {
    const key = values.length <= 64 ? `${dtype}|${shape.join()}|${values.join()}` : undefined;
    const known = key === undefined ? undefined : this.#constants.get(key);
    if (known) return known;
    const value = this.initializer(`const_${this.#counter++}`, dtype, shape, {
      kind: 'inline',
      bytes,
    });
    if (key !== undefined) this.#constants.set(key, value);
    return value;
  }

  #value(name: string, dtype: Dtype, shape: readonly number[]): Value {
    if (this.#values.has(name)) throw new Error(`graph: the name ${name} is taken`);
    const value: Value = { name, dtype, shape, graph: this };
    this.#values.set(name, value);
    return value;
  }
}

function toAttribute(value: number | string | readonly number[] | AttributeValue): AttributeValue {
  if (typeof value === 'number') return { kind: 'int', value };
  if (typeof value === 'string') return { kind: 'string', value };
  if (Array.isArray(value)) return { kind: 'ints', value: value as readonly number[] };
  return value as AttributeValue;
}
