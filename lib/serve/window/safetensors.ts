// A window as safetensors: tensors by name, the description among the file's texts.

import { type ByteSource, memorySource } from "../../io/byte_source.ts";
import { writeNpy } from "../../io/npy_writer.ts";
import { STORED_BYTES } from "../../io/numbers.ts";
import { quoted } from "../../io/quote.ts";
import { openSafetensors } from "../../io/safetensors.ts";
import type { StoredTensor } from "../../io/stored_tensor.ts";
import type { Limits } from "../limits.ts";
import { type DescribedArrays, refuse } from "./arrays.ts";
import { BOUNDS, readJson } from "./json.ts";
import { refuseOver } from "./limit.ts";
import { parseDescription } from "./npz.ts";
import { WINDOW } from "./refusing.ts";

/** Bytes of a header: it holds the description. */
const LONGEST_HEADER = 2 << 20;

/** Types that single precision would cut, and what reads them. */
const WIDE = {
  f64: (buffer: ArrayBuffer) => new Float64Array(buffer),
  i64: (buffer: ArrayBuffer) => Float64Array.from(new BigInt64Array(buffer), Number),
  i32: (buffer: ArrayBuffer) => Float64Array.from(new Int32Array(buffer)),
} as const;

/** A tensor as a NumPy array. */
async function arrayOf(tensor: StoredTensor): Promise<ByteSource> {
  const { dtype, shape, name } = tensor;
  const label = `${WINDOW}/${quoted(name).slice(1, -1)}`;
  if (!(dtype in WIDE)) return memorySource(writeNpy({ shape, data: await tensor.read() }), label);
  const count = shape.reduce((n, size) => n * size, 1);
  const bytes = new Uint8Array(count * STORED_BYTES[dtype]);
  await tensor.readInto!(bytes, 0);
  return memorySource(writeNpy({ shape, data: WIDE[dtype as keyof typeof WIDE](bytes.buffer) }), label);
}

/** Holds the header against bounds: a few letters of JSON can stand for many objects. */
function checkHeader(body: Uint8Array): void {
  if (body.length < 8) return;
  const length = new DataView(body.buffer, body.byteOffset).getBigUint64(0, true);
  if (length > BigInt(body.length - 8)) return; // The reader says so.
  refuseOver(Number(length), LONGEST_HEADER, `The header has ${length} bytes`);
  readJson(new TextDecoder().decode(body.subarray(8, 8 + Number(length))), WINDOW, BOUNDS);
}

/**
 * The described arrays of a safetensors file.
 *
 * @param body the file
 * @param limits of its bytes, when its numbers are in single precision at least
 * @throws Refusal for what goes beyond them, or has no description; SyntaxError for damage
 */
export async function fromSafetensors(body: Uint8Array, limits: Limits): Promise<DescribedArrays> {
  checkHeader(body);
  const { metadata, tensors } = await openSafetensors(memorySource(body, WINDOW));
  const text = metadata.get("description");
  if (text === undefined) {
    const there = quoted([...metadata.keys()].join(", "));
    return refuse(`its __metadata__ has no description, it has ${metadata.size === 0 ? "nothing" : there}`);
  }
  const arrays = new Map([...tensors].map(([name, tensor]) => {
    const count = tensor.shape.reduce((n, size) => n * size, 1);
    refuseOver(4 * count, limits.bytes, `Tensor ${quoted(name)} takes ${4 * count} bytes`);
    return [name.replace(/\.npy$/i, ""), () => arrayOf(tensor)] as const;
  }));
  return { description: parseDescription(text), arrays };
}
