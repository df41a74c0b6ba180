// PyTorch files from before 1.6, and those saved as they were then: five pickles one after the other (a magic number, a
// version, the system, the contents, the keys of the storages), then every storage with its length before it.

import type { ByteSource } from "./byte_source.ts";
import { type PickleContext, readPickles } from "./pickle.ts";
import { quoted } from "./quote.ts";
import type { Checkpoint } from "./stored_tensor.ts";
import { LARGEST_PICKLE, torchCheckpoint } from "./torch.ts";
import { Storage, torchContext } from "./torch_objects.ts";
import type { TorchRecord } from "./torch_tensor.ts";

const VERSION = 1001;
const PICKLES = 5;
/** Bytes of the number of elements before a storage. */
const COUNT = 8;

/** Where the storages lie: one after the other, in the order of their keys. */
function recordsOf(
  source: ByteSource,
  keys: readonly unknown[],
  storages: ReadonlyMap<string, Storage>,
  start: number,
  refuse: (why: string) => never,
): Map<string, TorchRecord> {
  const records = new Map<string, TorchRecord>();
  let at = start;
  for (const key of keys) {
    const storage = typeof key === "string" ? storages.get(key) : undefined;
    if (!storage || records.has(storage.key)) {
      return refuse(`the list of its storages names ${quoted(String(key))}`);
    }
    const { bytes } = storage;
    if (bytes === null) {
      return refuse(`the length of a ${storage.type.label} is not known: save it again as an archive`);
    }
    const offset = at + COUNT;
    at = offset + bytes;
    if (!Number.isSafeInteger(at) || at > source.size) {
      refuse(`storage ${quoted(storage.key)} needs ${bytes} bytes at ${offset}, the file has ${source.size}`);
    }
    const counted = async () => {
      const count = await source.read(offset - COUNT, COUNT);
      const found = new DataView(count.buffer, count.byteOffset, COUNT).getBigUint64(0, true);
      if (found !== BigInt(storage.elements)) {
        refuse(`storage ${quoted(storage.key)} has ${found} elements, its tensors claim ${storage.elements}`);
      }
      return offset;
    };
    records.set(storage.key, { name: `storage ${storage.key}`, size: bytes, offset: counted });
  }
  if (at !== source.size) refuse(`it has ${source.size} bytes, its storages end at ${at}`);
  return records;
}

/**
 * Opens such a file. Nothing in it is executed.
 *
 * @param source stays open until the checkpoint is closed
 * @throws SyntaxError for damage, a pickle that names what acts on a machine, sizes that disagree
 */
export async function openLegacy(source: ByteSource): Promise<Checkpoint> {
  const refuse = (why: string): never => {
    throw new SyntaxError(`Cannot read "${source.name}": ${why}`);
  };
  const storages = new Map<string, Storage>();
  const context = torchContext(source);
  const noting: PickleContext = {
    ...context,
    persistent: (id) => {
      const storage = context.persistent(id) as Storage;
      storages.set(storage.key, storage);
      return storage;
    },
  };
  const bytes = await source.read(0, Math.min(source.size, LARGEST_PICKLE));
  const { values: [, version, system, root = null, keys], end } = readPickles(bytes, PICKLES, noting);
  if (version !== VERSION) refuse(`its version is ${String(version)}, wanted ${VERSION}`);
  if (!(system instanceof Map) || system.get("little_endian") !== true) {
    refuse("its byte order is not little, wanted little");
  }
  if (!Array.isArray(keys)) return refuse("the list of its storages is absent");
  const records = recordsOf(source, keys, storages, end, refuse);
  return torchCheckpoint(source, { root, record: (key) => records.get(key) });
}
