// A tensor in pieces: boxes that cover it once, each in a file of PyTorch's within another file. Elements are read in C
// order of the whole, from those pieces only that hold them.

import { type ByteSource, partSource } from "./byte_source.ts";
import { narrowToBfloat, narrowToHalf, STORED_BYTES, type StoredType } from "./numbers.ts";
import { shown } from "./quote.ts";
import { isHalf, type StoredTensor } from "./stored_tensor.ts";
import { openArchive } from "./torch.ts";
import { Described } from "./torch_objects.ts";
import { torchTensor } from "./torch_tensor.ts";

/** A box of a tensor. */
export interface Box {
  readonly offsets: readonly number[];
  readonly sizes: readonly number[];
}

/** A box and the bytes of its file. */
export interface Chunk extends Box {
  readonly source: ByteSource;
  readonly file: string;
  readonly offset: number;
  readonly length: number;
}

/** Pairs of boxes that are compared at most: a description can list many. */
const MOST_PAIRS = 1 << 22;

const product = (sizes: readonly number[]) => sizes.reduce((n, size) => n * size, 1);

function overlap(a: Box, b: Box): boolean {
  return a.sizes.every((size, axis) => {
    const [from, other] = [a.offsets[axis]!, b.offsets[axis]!];
    return from < other + b.sizes[axis]! && other < from + size;
  });
}

/**
 * Refuses boxes that leave the tensor, overlap, or leave a part of it open.
 *
 * @param shape of the tensor
 * @param elements of it
 * @param boxes its pieces
 * @param fail throws what is wrong
 */
export function checkCover(
  shape: readonly number[],
  elements: number,
  boxes: readonly Box[],
  fail: (why: string) => never,
): void {
  let covered = 0;
  for (const { offsets, sizes } of boxes) {
    if (sizes.some((size, axis) => offsets[axis]! + size > shape[axis]!)) {
      fail(`its piece ${shown(sizes)} at ${shown(offsets)} leaves its shape ${shown(shape)}`);
    }
    covered += product(sizes);
  }
  if (covered !== elements) {
    fail(`its pieces have ${covered} elements, its shape ${shown(shape)} ${elements}`);
  }
  const sorted = boxes.filter(({ sizes }) => product(sizes) > 0)
    .sort((a, b) => (a.offsets[0] ?? 0) - (b.offsets[0] ?? 0));
  let pairs = 0;
  sorted.forEach((box, i) => {
    const end = (box.offsets[0] ?? 0) + (box.sizes[0] ?? 1);
    for (let j = i + 1; j < sorted.length && (sorted[j]!.offsets[0] ?? 0) < end; j++) {
      if (++pairs > MOST_PAIRS) fail(`it is in ${boxes.length} pieces, too many to be compared`);
      if (overlap(box, sorted[j]!)) fail(`two of its pieces overlap at ${shown(sorted[j]!.offsets)}`);
    }
  });
}

/** Opens a piece and checks that it is what the description says. */
async function openChunk(
  name: string,
  dtype: StoredType,
  { source, offset, length, sizes }: Chunk,
  fail: (why: string) => never,
): Promise<StoredTensor> {
  if (offset + length > source.size) {
    fail(`${length} bytes at ${offset} of "${source.name}" are claimed, it has ${source.size}`);
  }
  const part = partSource(source, source.name, offset, length);
  const { root, record } = await openArchive(part);
  if (!(root instanceof Described)) return fail(`bytes ${offset} of "${source.name}" hold no tensor`);
  const tensor = torchTensor(part, name, root, record(root.storage.key));
  const same = tensor.shape.length === sizes.length &&
    tensor.shape.every((size, axis) => size === sizes[axis]);
  if (!same || tensor.dtype !== dtype) {
    fail(
      `its piece in "${source.name}" is ${tensor.dtype} ${shown(tensor.shape)}, wanted ${dtype} ${
        shown(sizes)
      }`,
    );
  }
  return tensor;
}

/** Elements of a box that lie in order in the whole: how many in a run, and where run r begins. */
function runsOf({ offsets, sizes }: Box, shape: readonly number[]) {
  const strides = shape.map((_, axis) => product(shape.slice(axis + 1)));
  let axis = shape.length - 1;
  while (axis > 0 && sizes[axis] === shape[axis]) axis--;
  const length = product(sizes.slice(Math.max(0, axis)));
  const outer = sizes.slice(0, Math.max(0, axis));
  const first = offsets.reduce((sum, offset, i) => sum + offset * strides[i]!, 0);
  const start = (run: number) => {
    let place = first;
    for (let i = outer.length - 1, rest = run; i >= 0; i--) {
      place += (rest % outer[i]!) * strides[i]!;
      rest = Math.floor(rest / outer[i]!);
    }
    return place;
  };
  return { length, count: product(outer), start };
}

type Numbers = Float32Array | Uint16Array;

/** The elements of a box that lie between two of the whole: those from `element` to `last` of the box. */
interface Part {
  readonly element: number;
  readonly last: number;
  /** Where each of its runs goes: from, to within the box, place in the whole. */
  readonly runs: () => Iterable<readonly [number, number, number]>;
}

/** What a range of the whole wants of a box; null for nothing. */
function partOf(box: Box, shape: readonly number[], from: number, to: number): Part | null {
  const { length, count, start } = runsOf(box, shape);
  // Runs are in order: those that reach into the range follow each other.
  const firstRun = (wanted: (run: number) => boolean) => {
    let [low, high] = [0, count];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (wanted(middle)) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  const begin = firstRun((run) => start(run) + length > from);
  const end = firstRun((run) => start(run) >= to);
  if (length === 0 || begin >= end) return null;
  const element = begin * length + Math.max(0, from - start(begin));
  const last = (end - 1) * length + Math.min(length, to - start(end - 1));
  return {
    element,
    last,
    *runs() {
      for (let run = begin; run < end; run++) {
        const [left, right] = [Math.max(element, run * length), Math.min(last, (run + 1) * length)];
        yield [left, right, start(run) + left - run * length];
      }
    },
  };
}

/** Opens pieces once each; one that failed is opened again by the next who asks. */
function pieceOpener(open: (i: number) => Promise<StoredTensor>): (i: number) => Promise<StoredTensor> {
  const pieces = new Map<number, Promise<StoredTensor>>();
  return (i) => {
    let piece = pieces.get(i);
    if (!piece) {
      const opening = piece = open(i);
      pieces.set(i, opening);
      opening.catch(() => pieces.delete(i));
    }
    return piece;
  };
}

/**
 * A tensor of pieces.
 *
 * @param name of it
 * @param dtype type of its numbers, or PyTorch's name of one that is not read
 * @param shape of the whole
 * @param chunks boxes that cover it once
 * @param fail throws what is wrong with it
 * @returns the tensor; why it is not read, in words
 */
export function chunkedTensor(
  name: string,
  dtype: string,
  shape: readonly number[],
  chunks: readonly Chunk[],
  fail: (why: string) => never,
): StoredTensor | string {
  if (!Object.hasOwn(STORED_BYTES, dtype)) return `a tensor of type ${dtype}`;
  const type = dtype as StoredType;
  const elements = product(shape);
  const open = pieceOpener((i) => openChunk(name, type, chunks[i]!, fail));
  const gather = async <N extends Numbers>(
    from: number,
    to: number,
    make: (length: number) => N,
    read: (tensor: StoredTensor, from: number, to: number) => Promise<N>,
  ): Promise<N> => {
    const wanted = chunks.flatMap((chunk, i) => {
      const part = partOf(chunk, shape, from, to);
      return part ? [{ i, part }] : [];
    });
    // All are known to hold what they claim before anything of the whole's size is made.
    const tensors = await Promise.all(wanted.map(({ i }) => open(i)));
    const out = make(Math.max(0, to - from));
    for (const [k, { part }] of wanted.entries()) {
      const values = await read(tensors[k]!, part.element, part.last);
      for (const [left, right, place] of part.runs()) {
        out.set(values.subarray(left - part.element, right - part.element), place - from);
      }
    }
    return out;
  };
  const narrow = type === "f16" ? narrowToHalf : narrowToBfloat;
  return {
    name,
    dtype: type,
    shape,
    contiguous: true,
    read: (from = 0, to = elements) =>
      gather(from, to, (length) => new Float32Array(length), (tensor, a, b) => tensor.read(a, b)),
    ...(isHalf(type)
      ? {
        readBits: (from = 0, to = elements) =>
          gather<Uint16Array>(from, to, (length) => new Uint16Array(length), async (tensor, a, b) =>
            // Exact: what was read was widened from these bits.
            tensor.readBits ? await tensor.readBits(a, b) : narrow(await tensor.read(a, b))),
      }
      : {}),
  };
}
