// PyTorch checkpoints: a zip archive with a pickle that describes tensors and one raw record a storage (model.md
// section 14). Every size the pickle claims is checked against the archive when the file is opened; numbers are
// read by range.

import type { ByteSource } from "./byte_source.ts";
import { STORED_BYTES, type StoredType, toFloat32, toUint16 } from "./numbers.ts";
import { type PickleContext, type PickleValue, readPickle } from "./pickle.ts";
import { quoted, shown } from "./quote.ts";
import { type Checkpoint, elementsOf, isHalf, type StoredTensor } from "./stored_tensor.ts";
import { dataOffset, readZip, type ZipEntry } from "./zip.ts";

/** Largest pickle accepted; that of the released checkpoint has some 200 000 bytes. */
const LARGEST_PICKLE = 16 << 20;
/** Most axes of a tensor, as in PyTorch. */
const MOST_AXES = 64;

const STORAGES: Readonly<Record<string, StoredType>> = {
  DoubleStorage: "f64",
  FloatStorage: "f32",
  HalfStorage: "f16",
  BFloat16Storage: "bf16",
  LongStorage: "i64",
  IntStorage: "i32",
  ShortStorage: "i16",
  CharStorage: "i8",
  ByteStorage: "u8",
  BoolStorage: "bool",
};

class StorageType {
  constructor(readonly dtype: StoredType) {}
}

class Storage {
  constructor(readonly dtype: StoredType, readonly key: string, readonly elements: number) {}
}

/** A tensor as the pickle describes it. */
class Described {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

function refuse(source: ByteSource, why: string): never {
  throw new SyntaxError(`Cannot read "${source.name}": ${why}`);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** The names a checkpoint may use, and what they mean. Nothing else is accepted. */
function contextFor(source: ByteSource): PickleContext {
  const rebuild = (args: readonly PickleValue[]): PickleValue => {
    const [storage, offset, shape, strides] = args;
    // The length first: one list of the pickle may be long and given to many tensors.
    const counts = (list: unknown): list is number[] =>
      Array.isArray(list) && list.length <= MOST_AXES && list.every(isCount);
    if (!(storage instanceof Storage) || !isCount(offset) || !counts(shape) || !counts(strides)) {
      return refuse(source, "a tensor is described by something else than storage, offset, size and stride");
    }
    if (shape.length !== strides.length) {
      return refuse(source, `a tensor has ${shape.length} sizes and ${strides.length} strides`);
    }
    return new Described(storage, offset, shape, strides);
  };
  return {
    name: source.name,
    callables: {
      "torch._utils._rebuild_tensor_v2": rebuild,
      "torch._utils._rebuild_parameter": ([tensor]) =>
        tensor instanceof Described
          ? tensor
          : refuse(source, "a parameter wraps something that is no tensor"),
      "collections.OrderedDict": (args) =>
        args.length === 0 ? new Map() : refuse(source, "an OrderedDict is made from arguments"),
    },
    constants: Object.fromEntries(
      Object.entries(STORAGES).map(([name, dtype]) => [`torch.${name}`, new StorageType(dtype)]),
    ),
    persistent: (id) => {
      const [kind, type, key, , elements] = Array.isArray(id) ? id : [];
      if (
        kind !== "storage" || !(type instanceof StorageType) || typeof key !== "string" || !isCount(elements)
      ) {
        return refuse(source, "a persistent id describes no storage");
      }
      return new Storage(type.dtype, key, elements);
    },
  };
}

/** The state dictionary: under app.model, or the root itself when it holds tensors. */
function stateOf(source: ByteSource, root: PickleValue): Map<PickleValue, PickleValue> {
  const get = (value: PickleValue | undefined, key: string) =>
    value instanceof Map ? value.get(key) : undefined;
  const model = get(get(root, "app"), "model");
  if (model instanceof Map) return model;
  const bare = root instanceof Map && [...root.values()].some((v) => v instanceof Described);
  return bare
    ? root
    : refuse(source, "it holds no weights: wanted a dictionary at app.model, or of tensors at the root");
}

/** A tensor's elements gathered in C order from the storage elements it spans. */
function gather(span: Float32Array, shape: readonly number[], strides: readonly number[]): Float32Array {
  const out = new Float32Array(shape.reduce((n, size) => n * size, 1));
  const counter = new Array<number>(shape.length).fill(0);
  let position = 0;
  for (let i = 0; i < out.length; i++) {
    out[i] = span[position]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position += strides[axis]!;
      counter[axis] = counter[axis]! + 1;
      if (counter[axis]! < shape[axis]!) break;
      position -= strides[axis]! * shape[axis]!;
      counter[axis] = 0;
    }
  }
  return out;
}

function isContiguous({ shape, strides }: Described): boolean {
  let wanted = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== wanted) return false;
    wanted *= shape[axis]!;
  }
  return true;
}

/** Checks a described tensor against its record and makes it readable. */
function storedTensor(source: ByteSource, name: string, described: Described, entry: ZipEntry): StoredTensor {
  const { storage, offset, shape, strides } = described;
  const fail = (why: string): never => refuse(source, `tensor ${quoted(name)}: ${why}`);
  const width = STORED_BYTES[storage.dtype];
  const elements = elementsOf(shape, fail);
  const last = elements === 0 ? -1 : shape.reduce((sum, n, i) => sum + (n - 1) * strides[i]!, 0);
  const needed = (offset + last + 1) * width;
  if (!Number.isSafeInteger(needed) || needed > entry.size) {
    fail(`it needs ${needed} bytes of record ${quoted(entry.name)}, which has ${entry.size}`);
  }
  // Without this a few bytes of file could claim any number of elements.
  if (elements > last + 1) fail(`its strides ${shown(strides)} repeat elements`);
  const contiguous = isContiguous(described);
  const readSpan = async (from = 0, to = last + 1) => {
    const start = await dataOffset(source, entry);
    return await source.read(start + (offset + from) * width, (to - from) * width);
  };
  return {
    name,
    dtype: storage.dtype,
    shape,
    contiguous,
    async read(from, to) {
      if (contiguous) return toFloat32(await readSpan(from, to), storage.dtype);
      return gather(toFloat32(await readSpan(), storage.dtype), shape, strides).subarray(from, to);
    },
    ...(contiguous && isHalf(storage.dtype)
      ? { readBits: async (from, to) => toUint16(await readSpan(from, to)) }
      : {}),
  };
}

/**
 * Opens a PyTorch checkpoint. Nothing in it is executed.
 *
 * @param source stays open until the checkpoint is closed
 * @throws SyntaxError for a broken archive, a pickle that names anything beyond tensors, sizes that disagree
 */
export async function openTorch(source: ByteSource): Promise<Checkpoint> {
  const entries = await readZip(source);
  const pickles = [...entries.values()].filter((e) => /^[^/]+\/data\.pkl$/.test(e.name));
  const [pickle] = pickles;
  if (!pickle || pickles.length !== 1) {
    refuse(source, `the archive has ${pickles.length} data.pkl, wanted one`);
  }
  if (pickle.size > LARGEST_PICKLE) {
    refuse(source, `its pickle has ${pickle.size} bytes, wanted at most ${LARGEST_PICKLE}`);
  }
  const folder = pickle.name.slice(0, -"data.pkl".length);
  const order = entries.get(`${folder}byteorder`);
  if (order) {
    const length = Math.min(order.size, 16);
    const text = new TextDecoder().decode(await source.read(await dataOffset(source, order), length));
    if (text !== "little") refuse(source, `its byte order is ${quoted(text)}, wanted little`);
  }
  const bytes = await source.read(await dataOffset(source, pickle), pickle.size);
  const state = stateOf(source, readPickle(bytes, contextFor(source)));
  const tensors = new Map<string, StoredTensor>();
  for (const [name, value] of state) {
    if (typeof name !== "string") refuse(source, "a tensor's name is no text");
    if (!(value instanceof Described)) refuse(source, `${quoted(name)} is no tensor`);
    const entry = entries.get(`${folder}data/${value.storage.key}`);
    if (!entry) {
      refuse(source, `tensor ${quoted(name)}: record ${quoted(`data/${value.storage.key}`)} is absent`);
    }
    const claimed = value.storage.elements * STORED_BYTES[value.storage.dtype];
    if (claimed !== entry.size) {
      refuse(
        source,
        `tensor ${quoted(name)}: record ${
          quoted(entry.name)
        } has ${entry.size} bytes, its storage claims ${claimed}`,
      );
    }
    tensors.set(name, storedTensor(source, name, value, entry));
  }
  const close = () => source.close();
  return {
    name: source.name,
    format: "torch",
    metadata: new Map(),
    tensors,
    close,
    [Symbol.dispose]: close,
  };
}
