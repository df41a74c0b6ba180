// What the page does: asks the endpoint it came from, reads the binary stream of frames, draws each as it comes.

/** Script of the page: a module without imports. */
export const SCRIPT = String.raw`
const $ = (id) => document.getElementById(id);
const STOPS = [[68, 1, 84], [59, 82, 139], [33, 145, 140], [94, 201, 98], [253, 231, 37]];
let stopping = null;
let shown = { info: null, frames: [], timer: 0 };

function say(text, bad = false) {
  $("status").textContent = text;
  $("status").classList.toggle("bad", bad);
}

function headers(more = {}) {
  const token = $("token").value.trim();
  return token ? { ...more, authorization: "Bearer " + token } : more;
}

/** What a refusal says. */
async function words(response) {
  const body = await response.json().catch(() => null);
  const again = response.headers.get("retry-after");
  return (body?.detail ?? response.status + " " + response.statusText) + (again ? "; try again in " + again + " s" : "");
}

function option(value, text) {
  const made = document.createElement("option");
  made.value = value;
  made.textContent = text ?? value;
  return made;
}

async function ask(path) {
  const response = await fetch(path, { headers: headers() });
  if (!response.ok) throw new Error(await words(response));
  return await response.json();
}

let sets = [];
async function offer() {
  try {
    const [{ models, upstream }, { datasets }] = await Promise.all([ask("v1/models"), ask("v1/datasets")]);
    $("model").replaceChildren(
      ...models.map(({ name }) => option(name)), ...upstream.map((name) => option(name, name + " (elsewhere)")));
    sets = datasets;
    $("dataset").replaceChildren(...sets.map(({ name }) => option(name)), option("", "a file of yours"));
    say("");
  } catch (error) {
    say(error.message, true);
  }
  offerSplits();
}

function offerSplits() {
  const data = sets.find(({ name }) => name === $("dataset").value);
  $("split").replaceChildren(...(data?.splits ?? []).map(({ name }) => option(name)));
  for (const id of ["split", "trajectory", "start"]) $(id).closest("label").hidden = !data;
  $("file").closest("label").hidden = Boolean(data);
  tell();
}

/** The request as it is sent. */
function request() {
  const numbers = { steps: Number($("steps").value), seed: Number($("seed").value) };
  const chosen = { ...($("model").value ? { model: $("model").value } : {}), ...numbers, kvCache: $("kvCache").checked };
  const accept = "application/x-walrus-frames";
  const file = $("file").files[0];
  if ($("dataset").value === "") {
    if (!file) throw new Error("No file is chosen, wanted a window: HDF5, npz, safetensors or JSON");
    const isJson = /\.json$/i.test(file.name);
    const query = isJson ? "" : "?" + new URLSearchParams(chosen);
    const type = isJson ? "application/json" : "application/octet-stream";
    return { path: "v1/forecast" + query, body: file, headers: { accept, "content-type": type } };
  }
  const data = { dataset: $("dataset").value, split: $("split").value,
    trajectory: Number($("trajectory").value), start: Number($("start").value) };
  return { path: "v1/forecast", body: JSON.stringify({ data, ...chosen }), headers: { accept, "content-type": "application/json" } };
}

/** The same on a command line. */
function tell() {
  let text = "";
  try {
    const { path, body, headers: sent } = request();
    const parts = Object.entries(headers(sent)).map(([name, value]) =>
      "-H '" + name + ": " + (name === "authorization" ? "Bearer TOKEN" : name === "accept" ? "application/json" : value) + "'");
    const data = typeof body === "string" ? "-d '" + body + "'" : "--data-binary @" + body.name;
    text = "curl " + parts.join(" ") + " " + data + " '" + new URL(path, location.href) + "'";
  } catch (error) {
    text = error.message;
  }
  $("command").textContent = text;
}

/** Records of the stream: two lengths, a header in JSON, numbers. */
async function* records(stream) {
  const reader = stream.getReader();
  let kept = new Uint8Array(0);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    const joined = new Uint8Array(kept.length + value.length);
    joined.set(kept);
    joined.set(value, kept.length);
    kept = joined;
    for (;;) {
      if (kept.length < 8) break;
      const view = new DataView(kept.buffer, kept.byteOffset);
      const [header, numbers] = [view.getUint32(0, true), view.getUint32(4, true)];
      const end = 8 + header + numbers;
      if (kept.length < end) break;
      const text = new TextDecoder().decode(kept.subarray(8, 8 + header));
      yield { header: JSON.parse(text), numbers: new Float32Array(kept.slice(8 + header, end).buffer) };
      kept = kept.slice(end);
    }
  }
  if (kept.length > 0) throw new Error("The answer broke off within a frame");
}

/** Planes of a frame: of each component of each field that varies, its middle layer. */
function planes(info, numbers) {
  const { grid, fields } = info.window;
  const found = [];
  let at = 0;
  for (const field of fields) {
    if (field.constant) continue;
    const points = field.shape.slice(0, grid.axes.length);
    const size = field.shape.reduce((a, b) => a * b, 1);
    const all = numbers.subarray(at, at += size);
    const components = size / points.reduce((a, b) => a * b, 1);
    const [rows, columns, layers] = [points[0] ?? 1, points[1] ?? 1, points[2] ?? 1];
    for (let c = 0; c < components; c++) {
      const values = new Float32Array(rows * columns);
      const layer = Math.floor(layers / 2);
      for (let i = 0; i < values.length; i++) values[i] = all[(i * layers + layer) * components + c];
      found.push({ name: components > 1 ? field.name + " " + (c + 1) : field.name, rows, columns, values });
    }
  }
  return found;
}

function draw(canvas, plane, low, high) {
  // The first axis is to the right, the second upwards; a line is drawn as a strip.
  const [width, height] = [plane.rows, plane.columns];
  canvas.width = width;
  canvas.height = height;
  canvas.style.aspectRatio = height === 1 ? "8" : width + " / " + height;
  const image = new ImageData(width, height);
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      const value = plane.values[x * height + y];
      const t = Math.min(1, Math.max(0, (value - low) / (high - low || 1))) * (STOPS.length - 1);
      const k = Math.min(STOPS.length - 2, Math.floor(t));
      const to = 4 * ((height - 1 - y) * width + x);
      for (let i = 0; i < 3; i++) image.data[to + i] = STOPS[k][i] + (t - k) * (STOPS[k + 1][i] - STOPS[k][i]);
      image.data[to + 3] = Number.isFinite(value) ? 255 : 0;
    }
  }
  canvas.getContext("2d").putImageData(image, 0, 0);
}

function show(number) {
  const frame = shown.frames[number];
  if (!frame) return;
  $("frame").value = number;
  $("place").textContent = "step " + frame.step + ", time " + Number(frame.time.toPrecision(6));
  frame.planes.forEach((plane, i) => {
    let figure = $("fields").children[i];
    if (!figure) {
      figure = document.createElement("figure");
      figure.append(document.createElement("canvas"), document.createElement("figcaption"));
      $("fields").append(figure);
    }
    const { low, high } = shown.limits[i];
    const [canvas, caption] = figure.children;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", plane.name + " at step " + frame.step);
    draw(canvas, plane, low, high);
    const [name, range] = [document.createElement("span"), document.createElement("span")];
    name.textContent = plane.name;
    range.textContent = low.toPrecision(3) + " to " + high.toPrecision(3);
    caption.replaceChildren(name, range);
  });
}

function add({ step, time }, numbers) {
  const frame = { step, time, planes: planes(shown.info, numbers) };
  frame.planes.forEach(({ values }, i) => {
    const limits = shown.limits[i] ??= { low: Infinity, high: -Infinity };
    for (const value of values) {
      if (value < limits.low) limits.low = value;
      if (value > limits.high) limits.high = value;
    }
  });
  shown.frames.push(frame);
  $("frame").max = shown.frames.length - 1;
  $("player").hidden = false;
  show(shown.frames.length - 1);
}

async function forecast() {
  const { path, body, headers: sent } = request();
  stopping = new AbortController();
  shown = { info: null, frames: [], limits: [] };
  play(false);
  $("fields").replaceChildren();
  $("player").hidden = true;
  say("asked");
  const began = performance.now();
  const response = await fetch(path, { method: "POST", body, headers: headers(sent), signal: stopping.signal });
  if (!response.ok) throw new Error(await words(response));
  let whole = false;
  for await (const { header, numbers } of records(response.body)) {
    if (header.info) shown.info = header.info;
    else if (header.error) throw new Error(header.error.detail);
    else if (header.end) whole = true;
    else {
      add(header, numbers);
      say("step " + header.step + " of " + shown.info.steps);
    }
  }
  if (!whole) throw new Error("The answer broke off");
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  say(shown.frames.length + " steps of " + shown.info.model + " in " + seconds + " s");
}

let timer = 0;
function play(on) {
  clearInterval(timer);
  timer = on ? setInterval(() => show((Number($("frame").value) + 1) % shown.frames.length), 150) : 0;
  $("play").textContent = on ? "Pause" : "Play";
}

$("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (stopping) return stopping.abort();
  $("run").textContent = "Stop";
  try {
    await forecast();
  } catch (error) {
    say(error.name === "AbortError" ? "stopped" : error.message, error.name !== "AbortError");
  } finally {
    stopping = null;
    $("run").textContent = "Forecast";
  }
});
$("form").addEventListener("input", tell);
$("dataset").addEventListener("change", offerSplits);
$("token").addEventListener("change", offer);
$("frame").addEventListener("input", () => {
  play(false);
  show(Number($("frame").value));
});
$("play").addEventListener("click", () => play(!timer));
offer();
`;
