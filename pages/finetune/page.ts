// The page's side: takes files, starts a worker for each run, shows what it tells. Assumes the elements of
// `index.html`; does no arithmetic of its own, so that it answers at once.

import { chart, smoothed } from "../../app/train/chart.ts";
import { parseHubName } from "walrus/hub";
import { modelEntries } from "walrus/models";
import type { Answer, BackendChoice, HubAccess, ModelFiles, Request, Score } from "./messages.ts";

/** Where the server keeps the shipped network and data. */
const SHIPPED = {
  checkpoint: "examples/walrus_small/walrus.safetensors",
  config: "examples/walrus_small/extended_config.yaml",
  data: "examples/data/",
};
/** Steps of the curve's running mean. */
const SMOOTHED = 8;

function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new TypeError(`The page has no ${kind.name} "${id}"`);
  return found;
}

const parts = {
  setup: element("setup", HTMLElement),
  drop: element("drop", HTMLLabelElement),
  files: element("files", HTMLInputElement),
  network: element("network", HTMLElement),
  steps: element("steps", HTMLInputElement),
  rate: element("rate", HTMLInputElement),
  backend: element("backend", HTMLSelectElement),
  error: element("error", HTMLElement),
  run: element("run", HTMLElement),
  hub: element("hub", HTMLFormElement),
  hubName: element("hub-name", HTMLInputElement),
  hubToken: element("hub-token", HTMLInputElement),
  hubEndpoint: element("hub-endpoint", HTMLInputElement),
  phase: element("phase", HTMLElement),
  fetch: element("fetch", HTMLButtonElement),
  stop: element("stop", HTMLButtonElement),
  bar: element("bar", HTMLProgressElement),
  step: element("step", HTMLElement),
  loss: element("loss", HTMLElement),
  speed: element("speed", HTMLElement),
  left: element("left", HTMLElement),
  curve: element("curve", HTMLElement),
  facts: element("facts", HTMLElement),
  result: element("result", HTMLElement),
  scores: element("scores", HTMLElement),
  downloads: element("downloads", HTMLElement),
  name: element("name", HTMLElement),
  again: element("again", HTMLButtonElement),
};

/** A network that was dropped; null: the shipped one. */
let dropped: ModelFiles | null = null;

function fail(message: string): void {
  parts.error.textContent = message;
  parts.error.hidden = message === "";
}

/** One run, from the first phase to the downloads. */
class Run {
  readonly #worker: Worker;
  readonly #steps: number;
  readonly #losses: (readonly [number, number])[] = [];
  /** Milliseconds when the first step was begun. */
  #began = 0;
  #before: Score = null;
  /** What is scored, in words. */
  #scored: string | null = null;

  constructor(data: readonly File[] | string, model: ModelFiles) {
    this.#steps = parts.steps.valueAsNumber;
    this.#worker = new Worker("worker.js", { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<Answer>) => this.#hear(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#end(`The computation stopped: ${event.message}`);
    };
    this.#show();
    this.#ask({
      kind: "start",
      data,
      model,
      hub: hubAccess(),
      steps: this.#steps,
      learningRate: parts.rate.valueAsNumber,
      backend: parts.backend.value as BackendChoice,
    });
  }

  #ask(request: Request): void {
    this.#worker.postMessage(request);
  }

  /** Ends after the step in progress, with what was learned so far. */
  stop(): void {
    parts.stop.disabled = true;
    parts.phase.textContent = "Finishing the step";
    // Nothing was learned before the first step.
    if (this.#losses.length > 0) this.#ask({ kind: "stop" });
    else this.#end("");
  }

  /** Lets the worker fetch what it asked for. */
  fetch(): void {
    parts.fetch.hidden = true;
    this.#ask({ kind: "fetch" });
  }

  #show(): void {
    fail("");
    parts.fetch.hidden = true;
    for (const tile of [parts.step, parts.loss, parts.speed, parts.left]) tile.textContent = "–";
    parts.curve.textContent = parts.facts.textContent = "";
    parts.phase.textContent = "Starting";
    parts.bar.max = this.#steps;
    parts.bar.removeAttribute("value");
    parts.stop.disabled = false;
    parts.setup.hidden = parts.result.hidden = true;
    parts.run.hidden = parts.stop.hidden = false;
  }

  #end(message: string): void {
    this.#worker.terminate();
    fail(message);
    parts.run.hidden = true;
    parts.setup.hidden = false;
  }

  #hear(answer: Answer): void {
    if (answer.kind === "phase") parts.phase.textContent = `${capital(answer.text)} …`;
    else if (answer.kind === "ask") {
      parts.phase.textContent = answer.text;
      parts.fetch.hidden = false;
    } else if (answer.kind === "error") this.#end(answer.message);
    else if (answer.kind === "done") this.#finish(answer);
    else if (answer.kind === "step") this.#step(answer.step, answer.loss);
    else {
      this.#before = answer.before;
      this.#scored = answer.scored;
      this.#began = performance.now();
      const alone = crossOriginIsolated ? "" : " This page is not cross-origin isolated, hence one thread.";
      parts.facts.textContent =
        `${answer.data}. Network: ${answer.model}. Computes on ${answer.device}.${alone}`;
      parts.phase.textContent = "Compiling the step …";
    }
  }

  #step(step: number, loss: number): void {
    this.#losses.push([step, loss]);
    const seconds = (performance.now() - this.#began) / 1000;
    const rate = step / seconds;
    if (!parts.stop.disabled) parts.phase.textContent = "Learning";
    parts.bar.value = step;
    parts.step.textContent = `${step} / ${this.#steps}`;
    parts.loss.textContent = loss.toPrecision(3);
    parts.speed.textContent = rate >= 1 ? `${rate.toFixed(1)} steps/s` : `${(1 / rate).toFixed(1)} s/step`;
    parts.left.textContent = duration((this.#steps - step) / rate);
    this.draw();
  }

  /** Draws the curve as wide as the page is. */
  draw(): void {
    const curves = smoothed({ name: "loss", points: this.#losses }, SMOOTHED);
    parts.curve.innerHTML = chart(curves, {
      title: "Training loss",
      width: Math.max(240, parts.curve.clientWidth),
      steps: [1, this.#steps],
    });
  }

  #finish({ steps, after, files }: Extract<Answer, { kind: "done" }>): void {
    this.#worker.terminate();
    const took = duration((performance.now() - this.#began) / 1000);
    parts.phase.textContent = steps < this.#steps
      ? `Stopped after ${steps} steps, ${took}`
      : `Done: ${steps} steps in ${took}`;
    parts.left.textContent = "–";
    parts.stop.hidden = true;
    parts.scores.replaceChildren(...this.#scoreWords(after));
    offer(files);
    parts.result.hidden = false;
  }

  /** Scores before and after; why there are none. */
  #scoreWords(after: Score): (string | HTMLElement)[] {
    const before = this.#before;
    if (!this.#scored) {
      return ["No score: all frames of these files were trained on, there are too few to keep some."];
    }
    if (before === null || after === null) {
      return [
        `No score on ${this.#scored}: ${before === null ? "data or" : "the new"} forecasts are not finite.`,
      ];
    }
    const change = Math.round(100 * (after / before - 1));
    return [
      `One-step error on ${this.#scored} (VRMSE): `,
      bold(`${before.toPrecision(3)} → ${after.toPrecision(3)}`),
      `, ${change > 0 ? "+" : change < 0 ? "−" : ""}${Math.abs(change)} %`,
    ];
  }
}

let run: Run | null = null;

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function duration(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

function bold(text: string): HTMLElement {
  const node = document.createElement("b");
  node.textContent = text;
  return node;
}

/** Puts files up for download, in place of those before. */
function offer(files: Extract<Answer, { kind: "done" }>["files"]): void {
  for (const { href } of parts.downloads.querySelectorAll("a")) URL.revokeObjectURL(href);
  parts.downloads.replaceChildren(...files.map(({ name, content }) => {
    const anchor = document.createElement("a");
    Object.assign(anchor, { className: "button", download: name, href: URL.createObjectURL(content) });
    anchor.textContent = name;
    return anchor;
  }));
  parts.name.textContent = files[0]?.name ?? "";
}

/** How the Hub is reached, as the fields say. */
function hubAccess(): HubAccess {
  const [token, endpoint] = [parts.hubToken.value, parts.hubEndpoint.value];
  return { ...(token ? { token } : {}), ...(endpoint ? { endpoint } : {}) };
}

/** Takes a name on a Hub: of a network, or of data to start with. */
function takeName(text: string): void {
  fail("");
  try {
    if (parseHubName(text).kind === "dataset") return start(text);
  } catch (error) {
    return fail((error as Error).message);
  }
  dropped = { checkpoint: text, config: null };
  parts.network.textContent = `Network: ${text}`;
}

function shippedModel(): ModelFiles {
  const here = document.baseURI;
  return { checkpoint: new URL(SHIPPED.checkpoint, here).href, config: new URL(SHIPPED.config, here).href };
}

/** Configuration files that some family has beside its checkpoints. */
const CONFIG_FILES = modelEntries().flatMap(({ configFiles }) => configFiles);
/** Whether there is a family whose checkpoints stand alone. */
const MAY_STAND_ALONE = modelEntries().some(({ configFiles }) => configFiles.length === 0);
/** Files that describe data though they are written as configurations are. */
const DATA_TEXTS = ["arrays.yaml", "stats.yaml"];

/** Sorts dropped files into data and network, and starts when there are data. */
function take(files: readonly File[]): void {
  fail("");
  const named = (pattern: RegExp) => files.filter(({ name }) => pattern.test(name));
  const checkpoint = named(/\.(?:safetensors|pt|pth)$/i)[0];
  const data = files.filter(({ name }) => DATA_TEXTS.includes(name) || /\.(?:hdf5|h5|npy|npz)$/i.test(name));
  const config = named(/\.(?:ya?ml|json)$/i).find((file) => !data.includes(file));
  const other = files.find((file) => file !== checkpoint && file !== config && !data.includes(file));
  if (other) return fail(`"${other.name}" is no simulation: wanted an HDF5 file (.hdf5, .h5)`);
  if (checkpoint && !config && !MAY_STAND_ALONE) {
    return fail(`"${checkpoint.name}" needs its ${CONFIG_FILES.join(" or ")}: drop both at once`);
  }
  if (config && !checkpoint) return fail(`"${config.name}" needs its checkpoint: drop both at once`);
  if (checkpoint) {
    dropped = { checkpoint, config: config ?? null };
    parts.network.textContent = `Network: ${checkpoint.name}`;
  }
  if (data.length > 0) start(data);
}

/** Starts a run, unless a setting is wrong. */
function start(data: readonly File[] | string): void {
  const wrong = [parts.steps, parts.rate].find((input) => !input.checkValidity());
  if (wrong) return void wrong.reportValidity();
  run = new Run(data, dropped ?? shippedModel());
}

async function takeExample(name: string): Promise<void> {
  const response = await fetch(`${SHIPPED.data}${name}`);
  if (!response.ok) return fail(`Cannot load "${name}": the server answers ${response.status}`);
  take([new File([await response.blob()], name)]);
}

parts.files.addEventListener("change", () => {
  take([...parts.files.files ?? []]);
  // The same file may be chosen again.
  parts.files.value = "";
});
// A file dropped beside the field must not replace the page.
for (const name of ["dragover", "drop"] as const) {
  document.addEventListener(name, (event) => event.preventDefault());
}
document.addEventListener("drop", ({ dataTransfer }) => {
  parts.drop.classList.remove("over");
  if (!parts.setup.hidden) take([...dataTransfer?.files ?? []]);
});
document.addEventListener("dragover", () => parts.drop.classList.add("over"));
document.addEventListener("dragleave", () => parts.drop.classList.remove("over"));
parts.drop.addEventListener("keydown", ({ key }) => {
  if (key === "Enter" || key === " ") parts.files.click();
});
for (const button of document.querySelectorAll<HTMLButtonElement>("[data-example]")) {
  button.addEventListener("click", () => takeExample(button.dataset.example ?? ""));
}
parts.hub.addEventListener("submit", (event) => {
  event.preventDefault();
  takeName(parts.hubName.value.trim());
});
parts.fetch.addEventListener("click", () => run?.fetch());
parts.stop.addEventListener("click", () => run?.stop());
parts.again.addEventListener("click", () => {
  parts.run.hidden = parts.result.hidden = true;
  parts.setup.hidden = false;
});
addEventListener("resize", () => parts.run.hidden || run?.draw());
