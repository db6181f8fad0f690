/** @file Trainable tensors, packed so that a training step has few inputs, outputs and optimiser nodes. */
import type { Graph, Value } from '../graph/graph.ts';
import { concat, reshape } from '../graph/ops/movement.ts';
import { sizeOf } from '../graph/shape.ts';
import type { Weights } from '../nn/weights.ts';

export interface ParameterSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** Parameters of one class share a learning rate. */
  readonly lrClass: string;
}

interface Slot extends ParameterSpec {
  /** First element within the group's array. */
  readonly offset: number;
  readonly size: number;
}

/** Tensors that travel as one array. A large tensor travels alone. */
export interface ParameterGroup {
  readonly name: string;
  readonly lrClass: string;
  readonly size: number;
  readonly slots: readonly Slot[];
}

/** Tensors of at least this many elements are not packed: copying them would cost more than a node. */
const PACK_BELOW = 32_768;
const GROUP_SIZE = 262_144;

/** The layout of a set of parameters in a few flat float32 arrays. */
export class ParameterBank {
  readonly groups: readonly ParameterGroup[];
  readonly #bySlot = new Map<string, { group: ParameterGroup; slot: Slot }>();

  constructor(specs: readonly ParameterSpec[]) {
    const groups: { lrClass: string; size: number; slots: Slot[]; open: boolean }[] = [];
    for (const spec of specs) {
      const size = sizeOf(spec.shape);
      const packed = size < PACK_BELOW;
      let group = packed
        ? groups.find(
            ({ open, lrClass, size: used }) =>
              open && lrClass === spec.lrClass && used + size <= GROUP_SIZE,
          )
        : undefined;
      if (!group) {
        group = { lrClass: spec.lrClass, size: 0, slots: [], open: packed };
        groups.push(group);
      }
      group.slots.push({ ...spec, offset: group.size, size });
      group.size += size;
    }
    this.groups = groups.map(({ lrClass, size, slots }, i) => ({
      name: `group${i}`,
      lrClass,
      size,
      slots,
    }));
    for (const group of this.groups) {
      for (const slot of group.slots) {
        if (this.#bySlot.has(slot.name)) throw new Error(`parameter ${slot.name} is listed twice`);
        this.#bySlot.set(slot.name, { group, slot });
      }
    }
  }

  get names(): string[] {
    return [...this.#bySlot.keys()];
  }

  /** Number of scalar parameters. */
  get size(): number {
    return this.groups.reduce((sum, group) => sum + group.size, 0);
  }

  has(name: string): boolean {
    return this.#bySlot.has(name);
  }

  spec(name: string): ParameterSpec {
    return this.#slot(name).slot;
  }

  /** New arrays for all groups, filled from `read`, or with zeros. */
  allocate(read?: (name: string) => Float32Array): Float32Array[] {
    return this.groups.map(({ size, slots }) => {
      const array = new Float32Array(size);
      if (read) {
        for (const slot of slots) {
          const values = read(slot.name);
          if (values.length !== slot.size) {
            throw new RangeError(
              `parameter ${slot.name}: ${values.length} values, expected [${slot.shape}]`,
            );
          }
          array.set(values, slot.offset);
        }
      }
      return array;
    });
  }

  /** A view (not a copy) of one parameter within the groups' arrays. */
  view(arrays: readonly Float32Array[], name: string): Float32Array {
    const { group, slot } = this.#slot(name);
    return arrays[this.groups.indexOf(group)]!.subarray(slot.offset, slot.offset + slot.size);
  }

  /**
   * Declares the groups as inputs of a graph.
   * @returns the inputs, and each parameter as a value of its own
   */
  declare(graph: Graph): { inputs: Value[]; weights: Weights; values: ReadonlyMap<string, Value> } {
    const values = new Map<string, Value>();
    const inputs = this.groups.map((group) => {
      const input = graph.input(`param/${group.name}`, 'float32', [group.size]);
      for (const { name, shape, offset, size } of group.slots) {
        const [part] = size === group.size ? [input] : cutOut(input, offset, size);
        const [value] = graph.emit(
          'Reshape',
          [part!, graph.int64(shape)],
          [{ dtype: 'float32', shape }],
        );
        values.set(name, value!);
      }
      return input;
    });
    const weights: Weights = (name, shape) => {
      const value = values.get(name);
      if (!value) throw new Error(`parameter ${name} [${shape}] is not in this bank`);
      if (value.shape.join() !== shape.join()) {
        throw new RangeError(
          `parameter ${name} has shape [${value.shape}], the model expects [${shape}]`,
        );
      }
      return value;
    };
    return { inputs, weights, values };
  }

  /**
   * Joins values of the parameters' shapes, their gradients say, into the groups' arrays.
   * @param values by parameter
   * @returns one for each group, `[size]`
   */
  join(values: ReadonlyMap<string, Value>): Value[] {
    return this.groups.map(({ slots }) => {
      const flat = slots.map(({ name, size }) => reshape(values.get(name)!, [size]));
      return flat.length === 1 ? flat[0]! : concat(flat, 0);
    });
  }

  #slot(name: string): { group: ParameterGroup; slot: Slot } {
    const found = this.#bySlot.get(name);
    if (!found) throw new Error(`parameter ${name} is not in this bank`);
    return found;
  }
}

/**
 * `size` elements of a flat input. One Split for all parts would be fewer nodes, but WebGPU's takes a
 * buffer an output, and a device need not give a kernel more than eight.
 */
function cutOut(input: Value, offset: number, size: number): Value[] {
  const { graph, dtype } = input;
  const operands = [offset, offset + size, 0].map((operand) => graph.int64([operand]));
  return graph.emit('Slice', [input, ...operands], [{ dtype, shape: [size] }]);
}
