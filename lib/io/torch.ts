// PyTorch checkpoints: a zip archive with a pickle that describes tensors and one raw record a storage (model.md
// section 14). Every size the pickle claims is checked against the archive when the file is opened; numbers are
// read by range.

import type { ByteSource } from "./byte_source.ts";
import { type PickleValue, readPickle } from "./pickle.ts";
import { quoted } from "./quote.ts";
import { described, stateDict } from "./state_dict.ts";
import { type Checkpoint, checkpointOf, type StoredTensor } from "./stored_tensor.ts";
import { Described, torchContext } from "./torch_objects.ts";
import { type TorchRecord, torchTensor } from "./torch_tensor.ts";
import { dataOffset, readZip } from "./zip.ts";

/** Largest pickle accepted; that of the released checkpoint has some 200 000 bytes. */
export const LARGEST_PICKLE = 16 << 20;

function refuse(source: ByteSource, why: string): never {
  throw new SyntaxError(`Cannot read "${source.name}": ${why}`);
}

/** What a file of PyTorch's holds. */
export interface TorchContents {
  readonly root: PickleValue;
  /** The record of a storage. */
  readonly record: (key: string) => TorchRecord | undefined;
}

/**
 * Opens an archive and reads its pickle. Nothing in it is executed.
 *
 * @param source stays open as long as records are read
 * @throws SyntaxError for a broken archive, a pickle that names what acts on a machine
 */
export async function openArchive(source: ByteSource): Promise<TorchContents> {
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
  return {
    root: readPickle(bytes, torchContext(source)),
    record: (key) => {
      const entry = entries.get(`${folder}data/${key}`);
      return entry && { name: entry.name, size: entry.size, offset: () => dataOffset(source, entry) };
    },
  };
}

/**
 * The checkpoint of what a file holds: the tensors of its weights, each checked against its record.
 *
 * @param source becomes the checkpoint's own
 * @param contents of it
 * @throws SyntaxError for a file without weights, sizes that disagree
 */
export function torchCheckpoint(source: ByteSource, { root, record }: TorchContents): Checkpoint {
  const { entries, notes } = stateDict(root, (why) => refuse(source, why));
  const tensors = new Map<string, StoredTensor>();
  const unread = new Map<string, string>();
  for (const [name, value] of entries) {
    if (typeof name !== "string") refuse(source, "a tensor's name is no text");
    if (value instanceof Described && value.unread === null) {
      tensors.set(name, torchTensor(source, name, value, record(value.storage.key)));
    } else unread.set(name, described(value));
  }
  return checkpointOf({ name: source.name, format: "torch", tensors, unread, notes }, () => source.close());
}

/**
 * Opens a PyTorch checkpoint. Nothing in it is executed, and only its tensors are built.
 *
 * @param source stays open until the checkpoint is closed
 * @throws SyntaxError for a broken archive, a pickle that names what acts on a machine, sizes that disagree
 */
export async function openTorch(source: ByteSource): Promise<Checkpoint> {
  return torchCheckpoint(source, await openArchive(source));
}
