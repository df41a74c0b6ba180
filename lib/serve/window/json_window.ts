// A window in JSON: a description whose fields have their numbers beside, as lists or in base64.

import { memorySource } from "../../io/byte_source.ts";
import { writeNpy } from "../../io/npy_writer.ts";
import { quoted, shown } from "../../io/quote.ts";
import { elementsOf } from "../../io/stored_tensor.ts";
import { type DescribedArrays, refuse } from "./arrays.ts";
import { type Json, Numbers, plain } from "./json.ts";
import { WINDOW } from "./refusing.ts";

type Members = { readonly [name: string]: Json };

/** Number types of base64. */
const TYPES = { f32: Float32Array, f64: Float64Array } as const;

function isRecord(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Numbers);
}

/** Little-endian numbers of a text. */
function fromBase64(key: string, { base64, dtype = "f32" }: Members): Float32Array {
  if (typeof base64 !== "string") return refuse(`${key}.base64 is ${shown(base64)}, wanted text`);
  if (typeof dtype !== "string" || !Object.hasOwn(TYPES, dtype)) {
    return refuse(`${key}.dtype is ${shown(dtype)}, wanted ${Object.keys(TYPES).join(" or ")}`);
  }
  const View = TYPES[dtype as keyof typeof TYPES];
  let text: string;
  try {
    text = atob(base64);
  } catch {
    return refuse(`${key}.base64 is ${quoted(base64)}, which is no base64`);
  }
  const width = View.BYTES_PER_ELEMENT;
  if (text.length % width !== 0) {
    refuse(`${key}.base64 has ${text.length} bytes, ${dtype} takes ${width} each`);
  }
  const bytes = Uint8Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
  const numbers = new View(bytes.buffer);
  return numbers instanceof Float32Array ? numbers : Float32Array.from(numbers);
}

/** Sizes of an array as they were told; null where they were not. */
function toldShape(key: string, shape: Json | undefined): number[] | null {
  if (shape === undefined) return null;
  if (!(shape instanceof Numbers) || shape.shape.length !== 1 || shape.data.length > 8) {
    return refuse(`${key}.shape is ${shown(shape && plain(shape))}, wanted sizes`);
  }
  const sizes = [...shape.data];
  elementsOf(sizes, (why) => refuse(`${key}: ${why}`));
  return sizes;
}

/** The numbers of a field and their shape. */
function arrayOf(key: string, { values, shape }: Members): { shape: readonly number[]; data: Float32Array } {
  const told = toldShape(key, shape);
  const where = `${key}.values`;
  if (values instanceof Numbers) {
    return sized(key, told ?? values.shape, Float32Array.from(values.data));
  }
  if (!isRecord(values)) {
    return refuse(
      `${where} is ${shown(values)}, wanted numbers, in lists of equal lengths, or {"base64": ".."}`,
    );
  }
  const other = Object.keys(values).find((name) => name !== "base64" && name !== "dtype");
  if (other !== undefined) refuse(`${where}.${other} is not known, there are base64, dtype`);
  if (told === null) refuse(`${key}.shape is absent, wanted the sizes of what base64 has`);
  return sized(key, told!, fromBase64(where, values));
}

function sized(key: string, shape: readonly number[], data: Float32Array) {
  const count = shape.reduce((n, size) => n * size, 1);
  if (count !== data.length) {
    refuse(`${key} has ${data.length} numbers, its shape ${shown(shape)} wants ${count}`);
  }
  return { shape, data };
}

/**
 * The described arrays of a window in JSON.
 *
 * @param window the member `window` of a body
 * @throws Refusal for numbers that are none, or do not fill their shape
 */
export function fromJson(window: Json): DescribedArrays {
  if (!isRecord(window)) return refuse(`it is ${shown(window)}, wanted an object`);
  const arrays = new Map<
    string,
    DescribedArrays["arrays"] extends ReadonlyMap<string, infer T> ? T : never
  >();
  const { fields, ...rest } = window;
  if (!isRecord(fields)) return refuse(`fields is ${shown(fields)}, wanted an object`);
  const described = Object.entries(fields).map(([name, field], i): [string, unknown] => {
    const key = `fields.${name}`;
    if (!isRecord(field)) return refuse(`${key} is ${shown(field)}, wanted an object with values`);
    const { values, shape, ...others } = field;
    if (others.file !== undefined || others.array !== undefined) {
      refuse(`${key} names an array, wanted its values`);
    }
    const bytes = writeNpy(arrayOf(key, { values: values!, shape: shape! }));
    arrays.set(
      String(i),
      () => Promise.resolve(memorySource(bytes, `${WINDOW}/${quoted(name).slice(1, -1)}`)),
    );
    return [name, { ...plain(others) as object, file: String(i) }];
  });
  return { description: { ...plain(rest) as object, fields: Object.fromEntries(described) }, arrays };
}
