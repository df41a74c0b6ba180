// Runs one case of a folder of golden vectors and compares what it gives. Uses web APIs only: the same runs in browsers.

import { checkpoints } from "./checkpoints.ts";
import { compare, type OutputReport } from "./compare.ts";
import { type Golden, type GoldenCase, type Numbers, readTensors } from "./golden.ts";
import { models } from "./models.ts";
import { modules } from "./modules.ts";
import type { Backend } from "./run.ts";
import { training } from "./training.ts";

/** What rounding matrices to fp16 may change one step by, relative to the largest magnitude. */
const FP16_TOLERANCE = 2e-3;

/** How one case ended. */
export interface CaseReport {
  readonly name: string;
  readonly section: string;
  readonly status: "passed" | "failed" | "skipped";
  /** Worst output, by distance to its tolerance. */
  readonly worst: OutputReport | null;
  readonly seconds: number;
  readonly note: string;
}

/** Tolerance used for a ratio: exact outputs count any difference as beyond it. */
export function excess({ relative, tolerance }: OutputReport): number {
  return tolerance > 0 ? relative / tolerance : relative === 0 ? 0 : Infinity;
}

/** Runs cases of a folder on a backend; weights that cases share are read once. */
export class Runner {
  readonly #golden: Golden;
  readonly #backend: Backend;
  readonly #weights = new Map<string, Promise<Record<string, Numbers>>>();

  constructor(golden: Golden, backend: Backend) {
    this.#golden = golden;
    this.#backend = backend;
  }

  #read(file: string): Promise<Record<string, Numbers>> {
    let tensors = this.#weights.get(file);
    if (!tensors) this.#weights.set(file, tensors = readTensors(`${this.#golden.folder}/${file}`));
    return tensors;
  }

  /** Runs a case; what goes wrong is told in its report. */
  async run(golden: GoldenCase): Promise<CaseReport> {
    const start = performance.now();
    const report = (status: CaseReport["status"], worst: OutputReport | null, note: string): CaseReport => ({
      name: golden.name,
      section: golden.section,
      status,
      worst,
      seconds: (performance.now() - start) / 1000,
      note,
    });
    const check = golden.files
      ? checkpoints(this.#golden.folder)
      : modules[golden.kind] ?? models[golden.kind] ?? training[golden.kind];
    if (!check) return report("skipped", null, `kind ${golden.kind} is not known`);
    try {
      const tensors = await readTensors(`${this.#golden.folder}/${golden.file}`);
      const weights = golden.weights ? await this.#read(golden.weights) : {};
      const exact = compare(golden, tensors, await check(golden, tensors, weights, this.#backend));
      const least = this.#backend.weights === "f16" ? FP16_TOLERANCE : 0;
      const reports = exact.map((r) => ({ ...r, tolerance: Math.max(r.tolerance, least) }));
      if (reports.length === 0) return report("failed", null, "nothing was compared");
      const worst = reports.reduce((a, b) => excess(b) > excess(a) ? b : a);
      const beyond = reports.filter((r) => !(r.relative <= r.tolerance)).map((r) => r.output);
      return report(beyond.length === 0 ? "passed" : "failed", worst, beyond.slice(0, 3).join(", "));
    } catch (error) {
      return report("failed", null, (error as Error).message);
    }
  }
}
