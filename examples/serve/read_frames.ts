// Frames as they come, with nothing but the platform: deno run -RN read_frames.ts URL WINDOW (docs/serving_formats.md).

/** Records of the stream: `info`, then a `step` each, then `end` or `error`. */
export async function* records(stream: ReadableStream<Uint8Array>) {
  let kept = new Uint8Array(0);
  for await (const part of stream) {
    kept = new Uint8Array(await new Blob([kept, part as Uint8Array<ArrayBuffer>]).arrayBuffer());
    while (kept.length >= 8) {
      const view = new DataView(kept.buffer);
      const numbers = 8 + view.getUint32(0, true), end = numbers + view.getUint32(4, true);
      if (kept.length < end) break;
      const header = JSON.parse(new TextDecoder().decode(kept.subarray(8, numbers)));
      yield { ...header, numbers: new Float32Array(kept.slice(numbers, end).buffer) };
      kept = kept.slice(end);
    }
  }
}

if (import.meta.main) {
  const [url, window] = Deno.args;
  const headers = { accept: "application/x-walrus-frames", "content-type": "application/octet-stream" };
  const response = await fetch(url!, { method: "POST", body: await Deno.readFile(window!), headers });
  if (!response.ok) throw new Error(await response.text());
  let last: { readonly end?: unknown } = {};
  for await (const record of records(response.body!)) {
    last = record;
    if ("step" in record) console.log(record.step, record.time, record.numbers.length, record.numbers[0]);
  }
  if (!last.end) throw new Error(`The forecast was cut off: ${JSON.stringify(last)}`);
}
