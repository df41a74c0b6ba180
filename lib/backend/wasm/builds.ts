// The committed builds of the kernels. They are text, so that loading one needs no permission and no request; what is
// built for other places (app/build) has another file in place of this one, where they lie beside it or in it.

/** The committed build for forecasts alone. Import paths are literal so that bundlers find them. */
async function forecastText(relaxed: boolean, threads: boolean): Promise<string> {
  if (relaxed && threads) return (await import("./modules/relaxed_threads_forecast.ts")).text;
  if (relaxed) return (await import("./modules/relaxed_forecast.ts")).text;
  if (threads) return (await import("./modules/plain_threads_forecast.ts")).text;
  return (await import("./modules/plain_forecast.ts")).text;
}

/** The committed build for a runtime, with all kernels. */
async function text(relaxed: boolean, threads: boolean, wide: boolean): Promise<string> {
  if (wide) {
    if (relaxed && threads) return (await import("./modules/relaxed_threads_64.ts")).text;
    if (relaxed) return (await import("./modules/relaxed_64.ts")).text;
    if (threads) return (await import("./modules/plain_threads_64.ts")).text;
    return (await import("./modules/plain_64.ts")).text;
  }
  if (relaxed && threads) return (await import("./modules/relaxed_threads.ts")).text;
  if (relaxed) return (await import("./modules/relaxed.ts")).text;
  if (threads) return (await import("./modules/plain_threads.ts")).text;
  return (await import("./modules/plain.ts")).text;
}

/** Bytes of a committed build: base64 of raw deflate. */
export async function unpack(packed: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/**
 * A committed build, compiled.
 *
 * @param relaxed fused multiply-add
 * @param threads shared memory
 * @param wide 64-bit addresses
 * @param trains whether it has kernels of backward passes; there is none without for 64-bit addresses
 */
export async function compileBuild(
  relaxed: boolean,
  threads: boolean,
  wide: boolean,
  trains: boolean,
): Promise<WebAssembly.Module> {
  const packed = trains || wide ? text(relaxed, threads, wide) : forecastText(relaxed, threads);
  return await WebAssembly.compile(await unpack(await packed));
}
