// The shipped network's tensors in the order in which the app needs them: it opens with a plane, so what only solids
// need comes last, and the first forecast does not wait for it.

/** Parts of the network for data of three dimensions. */
const SOLID = /(?:^|\.)(?:embed|debed)\.3\./;

/** What safetensors says of a tensor. */
interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** Bytes before the header: its length. */
const LENGTH = 8;

/** The same tensors in another order. @param file bytes of a safetensors file */
export function planesFirst(file: Uint8Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const start = LENGTH + Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(LENGTH, start)));
  const { __metadata__: metadata, ...tensors } = header as Record<string, Entry>;
  const stored = Object.entries(tensors).sort(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0]);
  const ordered = [
    ...stored.filter(([name]) => !SOLID.test(name)),
    ...stored.filter(([name]) => SOLID.test(name)),
  ];
  const moved: Record<string, unknown> = metadata ? { __metadata__: metadata } : {};
  let at = 0;
  for (const [name, entry] of ordered) {
    const [from, to] = entry.data_offsets;
    moved[name] = { ...entry, data_offsets: [at, at + to - from] };
    at += to - from;
  }
  const text = JSON.stringify(moved);
  // The numbers begin at a multiple of eight bytes.
  const encoded = new TextEncoder().encode(text.padEnd(Math.ceil(text.length / LENGTH) * LENGTH));
  const out = new Uint8Array(LENGTH + encoded.length + at);
  new DataView(out.buffer).setBigUint64(0, BigInt(encoded.length), true);
  out.set(encoded, LENGTH);
  let to = LENGTH + encoded.length;
  for (const [, { data_offsets: [from, end] }] of ordered) {
    out.set(file.subarray(start + from, start + end), to);
    to += end - from;
  }
  return out;
}
