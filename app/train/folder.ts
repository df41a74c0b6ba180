// The folder of a run: its configuration, its log, its checkpoints. Everything but the logs is whole or absent.

import { eventFileStart, eventsUpTo, scalarRecord } from "walrus/io";
import { streamSafetensors, type WritableType, writeFileAtomic } from "walrus/io";
import type { Shape } from "walrus/ir";
import { LEARNT_FILE, type Model, type ModelEntry, writeLearnt } from "walrus/models";
import { decodeRunState, encodeRunState, type RunState } from "walrus/train";
import { Pictures } from "./pictures.ts";
import { report } from "./report.ts";

const CHECKPOINT = /^step-(\d{8})\.safetensors$/;

function stepOf(name: string): number {
  return Number(CHECKPOINT.exec(name)?.[1]);
}

/** The newest checkpoint that can be read. */
export interface Found {
  readonly path: string;
  readonly state: RunState;
}

/** A run's folder. */
export class RunFolder {
  readonly path: string;
  /** Forecasts beside the truth. */
  readonly pictures: Pictures;
  #events: Promise<string> | null = null;
  readonly #registry: readonly ModelEntry[];

  constructor(path: string, registry: readonly ModelEntry[]) {
    this.#registry = registry;
    this.path = path.replace(/\/+$/, "");
    this.pictures = new Pictures(this.path);
  }

  get #checkpoints(): string {
    return `${this.path}/checkpoints`;
  }

  /** Makes the folder and clears away files that a killed run left unfinished. */
  static async open(path: string, registry: readonly ModelEntry[]): Promise<RunFolder> {
    const checkpoints = `${path.replace(/\/+$/, "")}/checkpoints`;
    await Deno.mkdir(checkpoints, { recursive: true });
    for await (const { name } of Deno.readDir(checkpoints)) {
      if (name.endsWith(".partial")) await Deno.remove(`${checkpoints}/${name}`);
    }
    return new RunFolder(path, registry);
  }

  async #names(): Promise<string[]> {
    const entries = await Array.fromAsync(Deno.readDir(this.#checkpoints));
    return entries.map(({ name }) => name).filter((name) => CHECKPOINT.test(name)).sort();
  }

  /**
   * The newest checkpoint that can be read.
   *
   * @param warn told of each that can not
   * @param most its step at most
   */
  async newest(warn: (message: string) => void, most = Infinity): Promise<Found | null> {
    for (const name of (await this.#names()).reverse()) {
      if (stepOf(name) > most) continue;
      const path = `${this.#checkpoints}/${name}`;
      try {
        return { path, state: await decodeRunState(path, this.#registry) };
      } catch (error) {
        warn(`${(error as Error).message}; the one before it is used`);
      }
    }
    return null;
  }

  /** Removes checkpoints beyond a step, the newest first: those that remain are of one run at any moment. */
  async removeAfter(step: number): Promise<void> {
    for (const name of (await this.#names()).reverse()) {
      if (stepOf(name) > step) await Deno.remove(`${this.#checkpoints}/${name}`);
    }
  }

  /**
   * Writes a checkpoint and removes the oldest beyond `keep`.
   *
   * @param stable step whose checkpoint stays besides those; null: none
   * @returns its path
   */
  async save(
    state: RunState,
    shapes: ReadonlyMap<string, Shape>,
    keep: number,
    stable: number | null,
  ): Promise<string> {
    const path = `${this.#checkpoints}/step-${String(state.step).padStart(8, "0")}.safetensors`;
    await writeFileAtomic(path, encodeRunState(state, shapes));
    const old = (await this.#names()).filter((name) => stepOf(name) !== stable).slice(0, -keep);
    for (const name of old) await Deno.remove(`${this.#checkpoints}/${name}`);
    return path;
  }

  /** Writes a network in its family's layout, its numbers as `dtype`: configuration files and weights in `NAME/`. */
  async exportNetwork(
    name: string,
    model: Model,
    weights: ReadonlyMap<string, Float32Array>,
    dtype: WritableType,
  ): Promise<string> {
    const folder = `${this.path}/${name}`;
    const tensors = [...model.parameters].map(([tensor, { shape }]) => ({
      name: tensor,
      shape,
      read: () => weights.get(tensor)!,
    }));
    const learnt = model.learnt ? { [LEARNT_FILE]: writeLearnt(model.learnt) } : {};
    for (const [file, text] of Object.entries({ ...await model.files(), ...learnt })) {
      await writeFileAtomic(`${folder}/${file}`, new TextEncoder().encode(text));
    }
    await writeFileAtomic(
      `${folder}/${model.weightsFile}`,
      streamSafetensors(tensors, dtype, { format: "pt" }),
    );
    return folder;
  }

  /** Writes a text file. */
  async write(name: string, text: string): Promise<void> {
    await writeFileAtomic(`${this.path}/${name}`, new TextEncoder().encode(text));
  }

  /** Takes out of TensorBoard's files what lies after a step. */
  async #rewindEvents(step: number): Promise<void> {
    for await (const { name } of Deno.readDir(this.path)) {
      if (!/^events\.out\.tfevents\..*\.walrus$/.test(name)) continue;
      const path = `${this.path}/${name}`;
      const bytes = await Deno.readFile(path);
      const kept = eventsUpTo(bytes, step);
      if (kept.length < bytes.length) await writeFileAtomic(path, kept);
    }
  }

  /** Takes out of logs and pictures what lies after a step: a run that is resumed writes it again. */
  async rewind(step: number): Promise<void> {
    await this.pictures.rewind(step);
    await this.#rewindEvents(step);
    const text = await Deno.readTextFile(`${this.path}/log.jsonl`).catch(() => "");
    const kept = text.split("\n").filter((line) => {
      try {
        return line !== "" && JSON.parse(line).step <= step;
      } catch {
        // The last line of a killed run may be torn.
        return false;
      }
    });
    await this.write("log.jsonl", kept.map((line) => `${line}\n`).join(""));
  }

  /** Draws log and pictures as a page. */
  async writeReport(): Promise<void> {
    const read = (name: string) => Deno.readTextFile(`${this.path}/${name}`).catch(() => "");
    await this.write(
      "report.html",
      report(await read("log.jsonl"), await read("config.yaml"), await this.pictures.draw()),
    );
  }

  async #startEvents(): Promise<string> {
    const now = Date.now() / 1000;
    const path = `${this.path}/events.out.tfevents.${now.toFixed(3)}.walrus`;
    await Deno.writeFile(path, eventFileStart(now));
    return path;
  }

  /** Adds a line to the log, and its numbers to TensorBoard's. */
  async log(step: number, scalars: Readonly<Record<string, number>>): Promise<void> {
    await Deno.writeTextFile(`${this.path}/log.jsonl`, `${JSON.stringify({ step, ...scalars })}\n`, {
      append: true,
    });
    const events = await (this.#events ??= this.#startEvents());
    await Deno.writeFile(events, scalarRecord(Date.now() / 1000, step, scalars), { append: true });
  }
}
