// Codecs of Zarr that believe no chunk: how long one will be is known from the array, and what claims to be longer is
// refused before the library's own codec takes the memory and the time for it. Layouts: Blosc's README_CHUNK_FORMAT,
// RFC 8878 section 3.1.1.1 (Zstandard's frame header).

import type * as Zarrita from "zarrita";
import { crc32cCodec } from "./crc32c.ts";

type Registry = typeof Zarrita.registry;
type Entry = Awaited<ReturnType<NonNullable<ReturnType<Registry["get"]>>>>;

/** A codec as the library uses it: the part that decodes. */
interface Decoder {
  readonly kind: "bytes_to_bytes";
  decode(bytes: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

interface DecoderEntry {
  fromConfig(configuration: unknown, meta: { readonly shape: readonly number[] }): Decoder;
}

/** Widest number, and room for checksums that other codecs put behind. */
const WIDEST = 8;
const BEHIND = 64;

/** Most bytes that a chunk unpacks to. */
function mostOf({ shape }: { readonly shape: readonly number[] }): number {
  return shape.reduce((n, size) => n * size, WIDEST) + BEHIND;
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Bytes that a chunk of Blosc claims to unpack to. */
function bloscSize(bytes: Uint8Array): number {
  if (bytes.length < 16) throw new RangeError(`it has ${bytes.length} bytes, too few for Blosc`);
  const view = viewOf(bytes);
  const [size, block, stored] = [4, 8, 12].map((at) => view.getUint32(at, true)) as [number, number, number];
  if (stored > bytes.length) throw new RangeError(`it claims ${stored} bytes, it has ${bytes.length}`);
  const isCopy = (bytes[2]! & 2) !== 0;
  const places = 16 + 4 * Math.ceil(size / block);
  if (size > 0 && !isCopy && !(block > 0 && places <= bytes.length)) {
    throw new RangeError(`it claims blocks of ${block} bytes in ${size}`);
  }
  return size;
}

const ZSTD = 0xfd2fb528;

/** Bytes that a frame of Zstandard claims to unpack to; 0 where it does not say. */
function zstdSize(bytes: Uint8Array): number {
  if (bytes.length < 6 || viewOf(bytes).getUint32(0, true) !== ZSTD) {
    throw new RangeError("it is no frame of Zstandard");
  }
  const descriptor = bytes[4]!;
  const isSingle = (descriptor & 0x20) !== 0;
  const width = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const at = 5 + (isSingle ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!;
  if (at + width > bytes.length) throw new RangeError("its header is cut off");
  const view = viewOf(bytes);
  if (width === 0) return 0;
  if (width === 1) return view.getUint8(at);
  if (width === 2) return view.getUint16(at, true) + 256;
  return width === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}

/** Bytes that numcodecs writes before a block of LZ4. */
function lz4Size(bytes: Uint8Array): number {
  if (bytes.length < 4) throw new RangeError(`it has ${bytes.length} bytes, too few for LZ4`);
  return viewOf(bytes).getUint32(0, true);
}

/** A codec of the library, asked only when what a chunk claims may be. */
function checked(
  load: () => Promise<Entry>,
  claimOf: (bytes: Uint8Array) => number,
): () => Promise<DecoderEntry> {
  return async () => {
    const own = await load() as unknown as DecoderEntry;
    return {
      fromConfig(configuration, meta) {
        const codec = own.fromConfig(configuration, meta);
        const most = mostOf(meta);
        return {
          kind: "bytes_to_bytes",
          decode(bytes) {
            const claim = claimOf(bytes);
            if (claim > most) {
              throw new RangeError(`it claims to unpack to ${claim} bytes, wanted at most ${most}`);
            }
            return codec.decode(bytes);
          },
        };
      },
    };
  };
}

/** Unpacks deflated bytes, which do not say how many they become. */
async function inflate(bytes: Uint8Array, format: "gzip" | "deflate", most: number): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(
    new DecompressionStream(format),
  );
  const reader = stream.getReader();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (let size = 0;;) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(await new Blob(parts).arrayBuffer());
    size += value.length;
    if (size > most) {
      await reader.cancel();
      throw new RangeError(`it unpacks to more than ${most} bytes`);
    }
    parts.push(value);
  }
}

function inflater(format: "gzip" | "deflate"): () => Promise<DecoderEntry> {
  const entry: DecoderEntry = {
    fromConfig: (_, meta) => ({
      kind: "bytes_to_bytes",
      decode: (bytes) => inflate(bytes, format, mostOf(meta)),
    }),
  };
  return () => Promise.resolve(entry);
}

/** Puts these codecs in the place of the library's own. */
export function checkCodecs(registry: Registry): void {
  const set = (name: string, load: () => Promise<unknown>) => {
    for (const each of [name, `numcodecs.${name}`]) registry.set(each, load as () => Promise<Entry>);
  };
  for (const [name, claimOf] of [["blosc", bloscSize], ["zstd", zstdSize], ["lz4", lz4Size]] as const) {
    set(name, checked(registry.get(name)!, claimOf));
  }
  set("gzip", inflater("gzip"));
  set("zlib", inflater("deflate"));
  registry.set("crc32c", () => Promise.resolve(crc32cCodec as unknown as Entry));
}
