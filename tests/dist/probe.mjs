// One forecast, the same in every engine: the library, a device and a way to read files in, all numbers out. Plain
// JavaScript, since it runs where nothing compiles it.

/** Typed arrays of the test's JSON. */
const ARRAYS = { f32: Float32Array, f64: Float64Array };

/** Numbers as text that survives JSON. */
function encode(frames) {
  let text = "";
  for (const field of frames.flat()) {
    for (const byte of new Uint8Array(field.buffer, field.byteOffset, field.byteLength)) {
      text += String.fromCharCode(byte);
    }
  }
  return btoa(text);
}

/**
 * Forecasts from arrays with a safetensors file.
 *
 * @param walrus the library
 * @param device where
 * @param read gives the bytes of a file of the test
 * @param steps how many
 */
export async function forecast(walrus, device, read, steps = 2) {
  const text = new TextDecoder().decode(await read("start.json"));
  const start = JSON.parse(text, (_, value) => value?.type ? ARRAYS[value.type].from(value.numbers) : value);
  const checkpoint = await read("walrus.safetensors");
  const config = await read("extended_config.yaml");
  const model = await walrus.loadModel(checkpoint, { device, config });
  const frames = [];
  for await (const { values } of model.rollout(start, { steps, seed: 1 })) frames.push(values);
  model[Symbol.dispose]();
  return { device: device.name, frames: encode(frames) };
}

/** Exactly and with the defaults, on the processor: what a test compares. */
export async function both(walrus, read) {
  const exact = await walrus.wasm({ relaxed: false });
  const usual = await walrus.wasm();
  const results = { exact: await forecast(walrus, exact, read), usual: await forecast(walrus, usual, read) };
  exact[Symbol.dispose]();
  usual[Symbol.dispose]();
  return results;
}
