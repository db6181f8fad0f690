/** @file A minimal protobuf encoder: just the wire types that ONNX models use. */

/** Collects the fields of one protobuf message. Field order is the order of the calls. */
export class ProtobufWriter {
  readonly #chunks: Uint8Array[] = [];
  #length = 0;

  /** Unsigned or two's complement 64-bit varint field (wire type 0). Zero is written too. */
  varint(field: number, value: number | bigint): this {
    this.#tag(field, 0);
    this.#push(encodeVarint(value));
    return this;
  }

  /** 32-bit float field (wire type 5). */
  float(field: number, value: number): this {
    this.#tag(field, 5);
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    this.#push(bytes);
    return this;
  }

  /** Length-delimited bytes field (wire type 2). The bytes are kept by reference until `finish`. */
  bytes(field: number, value: Uint8Array): this {
    this.#tag(field, 2);
    this.#push(encodeVarint(value.length));
    this.#push(value);
    return this;
  }

  /** UTF-8 string field. */
  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  /** Nested message field. */
  message(field: number, value: ProtobufWriter): this {
    this.#tag(field, 2);
    this.#push(encodeVarint(value.#length));
    for (const chunk of value.#chunks) this.#push(chunk);
    return this;
  }

  /** Packed repeated int64 field. */
  packedVarints(field: number, values: readonly (number | bigint)[]): this {
    const body = new ProtobufWriter();
    for (const value of values) body.#push(encodeVarint(value));
    return this.message(field, body);
  }

  /** @returns the encoded message */
  finish(): Uint8Array {
    const out = new Uint8Array(this.#length);
    let offset = 0;
    for (const chunk of this.#chunks) {
      out.set(chunk, offset);
      offset += chunk.length;
    }
    return out;
  }

  #tag(field: number, wireType: number): void {
    this.#push(encodeVarint((field << 3) | wireType));
  }

  #push(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.#length += bytes.length;
  }
}

function encodeVarint(value: number | bigint): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}
