// What the names in a PyTorch pickle stand for: tensors as they are described, nothing else. Tensors of types or layouts
// that are not read are described as well, so that they may lie beside weights.

import type { ByteSource } from "./byte_source.ts";
import { STORED_BYTES, type StoredType } from "./numbers.ts";
import { PickleCallable, type PickleContext, PickleName, PickleObject, type PickleValue } from "./pickle.ts";
import { shown } from "./quote.ts";

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

/** Number types by PyTorch's names. */
const DTYPES: Readonly<Record<string, StoredType>> = {
  float64: "f64",
  float32: "f32",
  float16: "f16",
  bfloat16: "bf16",
  int64: "i64",
  int32: "i32",
  int16: "i16",
  int8: "i8",
  uint8: "u8",
  bool: "bool",
};

/** Bytes of an element of storages that are not read; an untyped storage counts bytes. */
const OTHER_WIDTHS: Readonly<Record<string, number>> = {
  UntypedStorage: 1,
  ComplexFloatStorage: 8,
  ComplexDoubleStorage: 16,
  QInt8Storage: 1,
  QUInt8Storage: 1,
  QInt32Storage: 4,
};

/** A type of numbers: as it is read, or only named. */
export class NumberType {
  constructor(readonly label: string, readonly dtype: StoredType | null) {}
}

/** Storage that a persistent id names. */
export class Storage {
  constructor(
    readonly type: NumberType,
    /** Name of its record. */
    readonly key: string,
    readonly elements: number,
    /** Bytes of its record; null where the width of its elements is not known. */
    readonly bytes: number | null,
  ) {}
}

/** A tensor as the pickle describes it. */
export class Described {
  constructor(
    readonly storage: Storage,
    readonly type: NumberType,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
    /** Whether its numbers are the negatives of those stored. */
    readonly negative: boolean,
    /** Why it is not read, in words; null for one that is. */
    readonly unread: string | null,
  ) {}
}

/** Whether a value can count something. */
export function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

/** Whether a value is a list of sizes or strides. The length first: one list may be given to many tensors. */
export function isCounts(list: unknown): list is number[] {
  return Array.isArray(list) && list.length <= MOST_AXES && list.every(isCount);
}

/** The type that a value of a pickle names; null for what is no type. */
export function numberType(value: PickleValue | undefined): NumberType | null {
  if (value instanceof NumberType) return value;
  return value instanceof PickleName ? new NumberType(value.path.replace(/^torch\./, ""), null) : null;
}

/** What a tensor's metadata say: bits that change its numbers. */
function bitsOf(metadata: PickleValue | undefined): { negative: boolean; unread: string | null } {
  const bits = metadata instanceof Map ? [...metadata].filter(([, on]) => on !== false) : [];
  const other = bits.find(([name]) => name !== "neg");
  return {
    negative: bits.some(([name]) => name === "neg"),
    unread: other ? `a tensor with the bit ${shown(other[0])}` : null,
  };
}

type Build = (args: readonly PickleValue[]) => PickleValue;

/** Builds tensors: versions 1 and 2 take their type from the storage, version 3 names it. */
function rebuilder(version: 1 | 2 | 3, refuse: (why: string) => never): Build {
  return (args) => {
    const [storage, offset, shape, strides] = args;
    // Bytes within the pickle instead of a record, as tensors are kept that were pickled without PyTorch's container.
    if (storage instanceof PickleObject) return new PickleObject("torch.Tensor", []);
    if (!(storage instanceof Storage) || !isCount(offset) || !isCounts(shape) || !isCounts(strides)) {
      return refuse("a tensor is described by something else than storage, offset, size and stride");
    }
    if (shape.length !== strides.length) {
      return refuse(`a tensor has ${shape.length} sizes and ${strides.length} strides`);
    }
    const type = version === 3 ? numberType(args[6]) : storage.type;
    if (!type) return refuse("a tensor's type is no type");
    const { negative, unread } = bitsOf(args[version === 3 ? 7 : 6]);
    const unknown = type.dtype ? null : `a tensor of type ${type.label}`;
    return new Described(storage, type, offset, shape, strides, negative, unread ?? unknown);
  };
}

/** Classes of tensors that are no more than their numbers. */
const PLAIN_CLASSES = /^torch\.(Tensor|nn\.(parameter\.)?(Parameter|Buffer))$/;

/** A tensor of a class: the function that makes it, the class, arguments. */
const ofClass: Build = ([make, type, args]) => {
  const path = type instanceof PickleName ? type.path : "a class without a name";
  const made = make instanceof PickleCallable && Array.isArray(args)
    ? make.call(args as PickleValue[])
    : null;
  return made instanceof Described && PLAIN_CLASSES.test(path) ? made : new PickleObject(path, []);
};

/** A parameter: the tensor it wraps, or what stands for one that is not built. */
function parameter(refuse: (why: string) => never): Build {
  return ([tensor]) =>
    tensor instanceof Described || tensor instanceof PickleObject
      ? tensor
      : refuse("a parameter wraps something that is no tensor");
}

function storageOf(id: PickleValue, refuse: (why: string) => never): Storage {
  const [kind, named, key, , elements, part] = Array.isArray(id) ? id as PickleValue[] : [];
  const type = numberType(named);
  if (kind !== "storage" || !type || typeof key !== "string" || !isCount(elements)) {
    return refuse("a persistent id describes no storage");
  }
  if (part !== undefined && part !== null) {
    return refuse("a storage is a part of another (PyTorch before 0.4): save it again");
  }
  const width = type.dtype ? STORED_BYTES[type.dtype] : OTHER_WIDTHS[type.label.split(".").at(-1)!];
  return new Storage(type, key, elements, width === undefined ? null : elements * width);
}

/**
 * The names that a checkpoint's tensors use, and what they mean.
 *
 * @param source for messages
 */
export function torchContext(source: ByteSource): PickleContext {
  const refuse = (why: string): never => {
    throw new SyntaxError(`Cannot read "${source.name}": ${why}`);
  };
  const typed = (prefix: string, types: Readonly<Record<string, StoredType>>) =>
    Object.entries(types).map(([name, dtype]) => [prefix + name, new NumberType(name, dtype)] as const);
  return {
    name: source.name,
    callables: {
      "torch._utils._rebuild_tensor": rebuilder(1, refuse),
      "torch._utils._rebuild_tensor_v2": rebuilder(2, refuse),
      "torch._utils._rebuild_tensor_v3": rebuilder(3, refuse),
      "torch._utils._rebuild_parameter": parameter(refuse),
      "torch._utils._rebuild_parameter_with_state": parameter(refuse),
      "torch._tensor._rebuild_from_type_v2": ofClass,
      "torch.Size": ([sizes = []]) => sizes,
      "collections.OrderedDict": (args) =>
        args.length === 0 ? new Map() : refuse("an OrderedDict is made from arguments"),
      "collections.defaultdict": () => new Map(),
    },
    constants: Object.fromEntries([
      ...typed("torch.", STORAGES),
      ...typed("torch.cuda.", STORAGES),
      ...typed("torch.", DTYPES),
    ]),
    persistent: (id) => storageOf(id, refuse),
  };
}
