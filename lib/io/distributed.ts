// PyTorch's distributed checkpoints: a folder in which `.metadata`, a pickle, says in which `.distcp` file and at which
// bytes each piece of each tensor lies; a piece is a file of PyTorch's by itself. Only what is wanted is read, by range.

import type { ByteSource } from "./byte_source.ts";
import { checkCover, type Chunk, chunkedTensor } from "./distributed_chunks.ts";
import { type PickleContext, PickleObject, type PickleValue, readPickle } from "./pickle.ts";
import { quoted, shown } from "./quote.ts";
import { type Checkpoint, checkpointOf, elementsOf, type StoredTensor } from "./stored_tensor.ts";
import { isCount, isCounts, numberType, torchContext } from "./torch_objects.ts";

/** Largest description accepted: of 1000 tensors with their optimiser's moments, on 64 ranks, some 30 MB. */
const LARGEST_METADATA = 64 << 20;
const MOST_OBJECTS = 1 << 22;
/** Most files: each is held open. */
const MOST_FILES = 512;
/** Dots and folders lead out of the folder. */
const FILE_NAME = /^[^/\\:]+$/;

/** Opens a file of the folder. */
export type OpenBeside = (file: string) => Promise<ByteSource>;

/** Where a piece of a tensor lies. */
interface Place {
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

/** Attributes of an object of a class whose path ends so; null for any other value. */
function attributes(
  value: PickleValue | undefined,
  name: RegExp,
): ReadonlyMap<PickleValue, PickleValue> | null {
  if (!(value instanceof PickleObject) || !name.test(value.path)) return null;
  // Of classes with slots the state is a pair.
  const { state } = value;
  const found = Array.isArray(state) ? state.at(-1) : state;
  return found instanceof Map ? found : new Map();
}

/** Key of a piece: the tensor and the piece's offsets. */
function pieceKey(fqn: string, offsets: readonly number[]): string {
  return JSON.stringify([fqn, ...offsets]);
}

/** Where each piece lies, by tensor and offsets; copies on other ranks are one. */
function placesOf(data: PickleValue | undefined, fail: (why: string) => never): Map<string, Place> {
  if (!(data instanceof Map)) return fail("it has no storage_data, wanted where each piece lies");
  const places = new Map<string, Place>();
  for (const [index, info] of data) {
    const piece = attributes(index, /\.MetadataIndex$/);
    const storage = attributes(info, /\._StorageInfo$/);
    const fqn = piece?.get("fqn");
    if (!piece || !storage || typeof fqn !== "string") {
      return fail("an entry of storage_data is no piece of a tensor");
    }
    const [file, offset, length] = ["relative_path", "offset", "length"].map((key) => storage.get(key));
    if (typeof file !== "string" || !FILE_NAME.test(file) || file === "..") {
      return fail(`${quoted(fqn)} lies in ${shown(file)}, wanted the name of a file of the folder`);
    }
    if (!isCount(offset) || !isCount(length)) {
      return fail(`${quoted(fqn)} lies at byte ${shown(offset)}, ${shown(length)} bytes long`);
    }
    const transforms = storage.get("transform_descriptors");
    if (Array.isArray(transforms) && transforms.length > 0) {
      return fail(`${quoted(fqn)} is stored ${shown(transforms)}, wanted as it is (no compression)`);
    }
    const offsets = piece.get("offset");
    places.set(pieceKey(fqn, isCounts(offsets) ? offsets : []), { file, offset, length });
  }
  return places;
}

/** A tensor as the description has it. */
interface Listed {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly chunks: readonly { readonly offsets: readonly number[]; readonly sizes: readonly number[] }[];
}

function listed(entry: ReadonlyMap<PickleValue, PickleValue>, fail: (why: string) => never): Listed {
  const { state } = entry.get("properties") as PickleObject ?? {};
  const type = numberType(
    Array.isArray(state) ? state[0] : state instanceof Map ? state.get("dtype") : undefined,
  );
  const shape = entry.get("size");
  const pieces = entry.get("chunks");
  if (!type || !isCounts(shape) || !Array.isArray(pieces)) return fail("its entry is incomplete");
  const chunks = pieces.map((piece) => {
    const at = attributes(piece, /\.ChunkStorageMetadata$/);
    const [offsets, sizes] = [at?.get("offsets"), at?.get("sizes")];
    const rank = shape.length;
    if (!isCounts(offsets) || !isCounts(sizes) || offsets.length !== rank || sizes.length !== rank) {
      return fail("a piece of it has no place");
    }
    return { offsets, sizes };
  });
  return { dtype: type.dtype ?? type.label, shape, chunks };
}

/** Files of the folder, each opened once. */
function fileOpener(open: OpenBeside, fail: (why: string) => never) {
  const files = new Map<string, ByteSource>();
  return {
    files,
    async get(name: string): Promise<ByteSource> {
      const known = files.get(name);
      if (known) return known;
      if (files.size === MOST_FILES) fail(`it names more than ${MOST_FILES} files`);
      const file = await open(name);
      files.set(name, file);
      return file;
    },
    close: () => files.forEach((file) => file.close()),
  };
}

async function readMetadata(source: ByteSource, fail: (why: string) => never) {
  if (source.size > LARGEST_METADATA) fail(`it has ${source.size} bytes, wanted at most ${LARGEST_METADATA}`);
  const context: PickleContext = { ...torchContext(source), mostObjects: MOST_OBJECTS };
  const root = attributes(readPickle(await source.read(0, source.size), context), /\.Metadata$/);
  const tensors = root?.get("state_dict_metadata");
  if (!root || !(tensors instanceof Map)) {
    return fail("it describes no tensors, wanted those of a distributed checkpoint");
  }
  return { tensors, places: placesOf(root.get("storage_data"), fail) };
}

/**
 * Opens a distributed checkpoint. Names are those of the saved state, joined by dots.
 *
 * @param source `.metadata`; closed when read
 * @param open opens a file beside it
 * @throws SyntaxError for a description that is broken or leaves its folder, RangeError for a file that is missing
 */
export async function openDistributed(source: ByteSource, open: OpenBeside): Promise<Checkpoint> {
  const fail = (why: string): never => {
    throw new SyntaxError(`Cannot read "${source.name}": ${why}`);
  };
  const { tensors: entries, places } = await readMetadata(source, fail);
  const opened = fileOpener(open, fail);
  const tensors = new Map<string, StoredTensor>();
  const unread = new Map<string, string>();
  try {
    for (const [name, value] of entries) {
      if (typeof name !== "string") return fail("a tensor's name is no text");
      const failTensor = (why: string): never => fail(`tensor ${quoted(name)}: ${why}`);
      const entry = attributes(value, /\.TensorStorageMetadata$/);
      // Bytes: numbers, texts and objects of a training state.
      if (!entry) continue;
      const { dtype, shape, chunks: pieces } = listed(entry, failTensor);
      checkCover(shape, elementsOf(shape, failTensor), pieces, failTensor);
      const chunks: Chunk[] = [];
      for (const { offsets, sizes } of pieces) {
        const place = places.get(pieceKey(name, offsets)) ?? places.get(pieceKey(name, []));
        if (!place) return failTensor(`its piece at ${shown(offsets)} is stored nowhere`);
        chunks.push({ offsets, sizes, ...place, source: await opened.get(place.file) });
      }
      const tensor = chunkedTensor(name, dtype, shape, chunks, failTensor);
      if (typeof tensor === "string") unread.set(name, tensor);
      else tensors.set(name, tensor);
    }
  } catch (error) {
    opened.close();
    throw error;
  }
  source.close();
  return checkpointOf({ name: source.name, format: "distributed", tensors, unread }, opened.close);
}
