// The most a WebAssembly program can reach on this machine: independent chains of fused multiply-adds (or products
// and sums) that never leave registers. Kernels are judged by their share of it, since machines differ.

/** One chain instruction: bytes that turn (x, y, sum) on the stack into the new sum. */
const STEPS = {
  /** f32x4.relaxed_madd */
  fused: [0xfd, 0x85, 0x02],
  /** f32x4.mul is done first on two of them, see `body`. */
  separate: [0xfd, 0xe6, 0x01, 0xfd, 0xe4, 0x01],
} as const;

const CHAINS = 10;
const UNROLL = 8;

function leb(n: number): number[] {
  return n < 128 ? [n] : [n & 127 | 128, ...leb(n >> 7)];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...leb(content.length), ...content];
}

/** Module with one function `(i32 rounds) -> ()` of CHAINS * UNROLL steps a round. */
function chainModule(kind: keyof typeof STEPS): Uint8Array<ArrayBuffer> {
  const get = (local: number) => [0x20, local];
  const set = (local: number) => [0x21, local];
  const splat = (value: number) => [0x43, ...new Uint8Array(Float32Array.of(value).buffer), 0xfd, 0x13];
  // Locals: 0 rounds, 1 and 2 the factors, then the chains.
  const chain = (i: number) =>
    kind === "fused"
      ? [...get(1), ...get(2), ...get(3 + i), ...STEPS.fused, ...set(3 + i)]
      : [...get(2), ...get(3 + i), ...get(1), ...STEPS.separate, ...set(3 + i)];
  const chains = Array.from({ length: CHAINS }, (_, i) => chain(i)).flat();
  const loop = Array.from({ length: UNROLL }, () => chains).flat();
  const code = [
    ...splat(0.999),
    ...set(1),
    ...splat(1e-3),
    ...set(2),
    ...[0x03, 0x40],
    ...loop,
    ...get(0),
    ...[0x41, 0x01, 0x6b, 0x22, 0x00],
    ...[0x0d, 0x00, 0x0b],
    // The chains are used, or they would be dropped.
    ...Array.from({ length: CHAINS }, (_, i) => [...get(3 + i), ...i > 0 ? [0xfd, 0xe4, 0x01] : []]).flat(),
    ...[0xfd, 0x1f, 0x00, 0x0b],
  ];
  const body = [0x01, ...leb(CHAINS + 2), 0x7b, ...code];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, [0x01, 0x60, 0x01, 0x7f, 0x01, 0x7d]),
    ...section(3, [0x01, 0x00]),
    ...section(7, [0x01, 0x01, 0x66, 0x00, 0x00]),
    ...section(10, [0x01, ...leb(body.length), ...body]),
  ]);
}

/** Source of a worker that runs bursts when all are signalled: word 0 counts bursts, word 1 those that are done. */
const WORKER = `
onmessage = async ({ data: { bytes, words, rounds } }) => {
  const { instance } = await WebAssembly.instantiate(bytes);
  instance.exports.f(rounds);
  postMessage("ready");
  for (let burst = 0;; burst++) {
    while (Atomics.load(words, 0) === burst);
    instance.exports.f(rounds);
    Atomics.add(words, 1, 1);
  }
};
`;

/**
 * Measures the ceiling of several threads at once; wants a machine with as many idle processors. Its workers wait for
 * more until the process exits.
 *
 * @param kind fused, or product and sum apart
 * @param threads the calling one included
 * @param repeats short bursts of which the best counts
 * @returns operations a second of all threads together in units of 10^9
 */
export async function ceilingOfThreads(
  kind: keyof typeof STEPS,
  threads: number,
  repeats = 400,
): Promise<number> {
  const bytes = chainModule(kind);
  const words = new Int32Array(new SharedArrayBuffer(8));
  const rounds = 100_000;
  const url = URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" }));
  for (let i = 1; i < threads; i++) {
    const worker = new Worker(url, { type: "module" });
    await new Promise((resolve) => {
      worker.onmessage = resolve;
      worker.postMessage({ bytes, words, rounds });
    });
  }
  const { instance } = await WebAssembly.instantiate(bytes);
  const run = instance.exports.f as (rounds: number) => number;
  let best = Infinity;
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    Atomics.add(words, 0, 1);
    run(rounds);
    while (Atomics.load(words, 1) < (i + 1) * (threads - 1));
    best = Math.min(best, performance.now() - start);
  }
  return threads * rounds * CHAINS * UNROLL * 8 / best / 1e6;
}

/**
 * Measures the ceiling of one thread.
 *
 * @param kind fused, or product and sum apart
 * @param repeats short bursts of which the best counts, so that other work on the machine matters less
 * @returns operations a second in units of 10^9; a multiply-add counts two
 */
export async function ceiling(kind: keyof typeof STEPS, repeats = 40): Promise<number> {
  const { instance } = await WebAssembly.instantiate(chainModule(kind));
  const run = instance.exports.f as (rounds: number) => number;
  const rounds = 20_000;
  let best = Infinity;
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    run(rounds);
    best = Math.min(best, performance.now() - start);
  }
  return rounds * CHAINS * UNROLL * 8 / best / 1e6;
}
