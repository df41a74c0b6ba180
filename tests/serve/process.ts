// The endpoint as a process of its own, with the rights of its task: started, asked, told to end or killed.

import { type ForecastModel, loadModel, type Sample, wasm } from "../../mod.ts";
import { TASKS } from "../app/run_command.ts";
import { inRepository } from "../shared.ts";

/** A line of its log. */
export type Line = Readonly<Record<string, unknown>>;

/** How it is started. */
export interface StartOptions {
  /** Its configuration as YAML; the shipped model and data unless given. */
  readonly yaml?: string;
  readonly port?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Words after the task's. */
  readonly args?: readonly string[];
}

/** A process that serves. */
export interface Served extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** Lines of its log so far. */
  readonly lines: readonly Line[];
  /** What else it wrote. */
  readonly errors: () => string;
  kill(signal: Deno.Signal): void;
  /** Its exit code. */
  readonly ended: Promise<number>;
  /** Resolves with the first line of an event. */
  line(event: string): Promise<Line>;
}

/** Starts it; resolves once it listens. */
export async function serveProcess(options: StartOptions = {}): Promise<Served> {
  const folder = await Deno.makeTempDir();
  const file = `${folder}/serve.yaml`;
  if (options.yaml !== undefined) await Deno.writeTextFile(file, options.yaml);
  const [run, ...words] = TASKS.get("serve")!;
  const args = [
    run!,
    "--no-prompt",
    ...words,
    ...options.yaml === undefined ? [] : [file],
    "--port",
    String(options.port ?? 0),
    ...options.args ?? [],
  ];
  const child = new Deno.Command(Deno.execPath(), {
    args,
    cwd: inRepository("."),
    env: { NO_COLOR: "1", ...options.env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines: Line[] = [];
  const waiters = new Map<string, PromiseWithResolvers<Line>>();
  const waiter = (event: string) => {
    const known = waiters.get(event) ?? Promise.withResolvers<Line>();
    known.promise.catch(() => {});
    waiters.set(event, known);
    return known;
  };
  let errors = "";
  const reading = (async () => {
    let rest = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      const parts = (rest + text).split("\n");
      rest = parts.pop()!;
      for (const part of parts) {
        const line = JSON.parse(part) as Line;
        lines.push(line);
        waiter(String(line.event)).resolve(line);
      }
    }
    for (const { reject } of waiters.values()) reject(new Error(`it ended: ${errors}`));
  })();
  const complaining = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) errors += text;
  })();
  const ended = (async () => {
    const { code } = await child.status;
    await Promise.all([reading, complaining]);
    await Deno.remove(folder, { recursive: true });
    return code;
  })();
  const kill = (signal: Deno.Signal) => {
    try {
      child.kill(signal);
    } catch (error) {
      // It has ended already.
      if (!(error instanceof TypeError)) throw error;
    }
  };
  const { url } = await waiter("listening").promise;
  return {
    url: String(url),
    pid: child.pid,
    lines,
    errors: () => errors,
    kill,
    ended,
    line: (event) => waiter(event).promise,
    async [Symbol.asyncDispose]() {
      kill("SIGKILL");
      await ended;
    },
  };
}

/** A request for a forecast. */
export function ask(url: string, body: unknown, init: RequestInit = {}): Promise<Response> {
  return fetch(`${url}v1/forecast`, {
    method: "POST",
    body: JSON.stringify(body),
    ...init,
    headers: { "content-type": "application/json", ...init.headers as Record<string, string> },
  });
}

/** The shipped model on this thread, for what forecasts have to be. */
export async function directModel(): Promise<ForecastModel & AsyncDisposable> {
  const device = await wasm({ threads: 1 });
  const model = await loadModel(inRepository("examples/walrus_small/walrus.safetensors"), { device });
  return Object.assign(model, {
    async [Symbol.asyncDispose]() {
      model[Symbol.dispose]();
      await device[Symbol.asyncDispose]();
    },
  });
}

/** Numbers of a forecast, frame after frame: `[step][field]`. */
export async function directFrames(
  model: ForecastModel,
  start: Sample,
  options: { readonly steps: number; readonly seed?: number },
): Promise<Float32Array[][]> {
  const frames: Float32Array[][] = [];
  for await (const { values } of model.rollout(start, options)) frames.push([...values]);
  return frames;
}
