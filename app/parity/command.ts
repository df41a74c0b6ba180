// Parity with the reference: runs every case of a folder of golden vectors, prints a table and fails when one case is
// beyond its tolerance or is not run.

import type { WasmOptions } from "../../lib/backend/wasm/device.ts";
import { WIDE_BYTES } from "../../lib/backend/wasm/module.ts";
import { InvalidArgumentError } from "commander";
import { openDevice } from "../../lib/backend/auto.ts";
import type { Device } from "../../lib/compile/device.ts";
import { choice, command, type Context, EXIT, wholeNumber } from "../cli.ts";
import { openGolden } from "./golden.ts";
import { onDevice, reference } from "./run.ts";
import { type CaseReport, excess, Runner } from "./runner.ts";
import { tables } from "./tables.ts";

/** Sections of cases that this version computes. */
const SECTIONS = ["A", "B", "C", "D", "E", "F", "G"];

function line(report: CaseReport): string {
  const { worst } = report;
  const number = (v: number | undefined) => v === undefined ? "-" : v === 0 ? "exact" : v.toExponential(1);
  const ratio = worst && worst.floor > 0 ? (worst.relative / worst.floor).toFixed(2) : "-";
  return [
    report.status === "passed" ? "ok    " : report.status === "failed" ? "FAILED" : "skip  ",
    report.name.padEnd(32),
    number(worst?.relative).padStart(8),
    number(worst?.tolerance).padStart(8),
    ratio.padStart(6),
    `${report.seconds.toFixed(1)}s`.padStart(7),
    report.status === "passed" ? worst?.output ?? "" : report.note,
  ].join(" ");
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? 0 : sorted[Math.floor((sorted.length - 1) / 2)]!;
}

interface Options {
  readonly sections: string[];
  readonly backend: "wasm" | "webgpu" | "reference";
  readonly threads?: number;
  readonly simd?: "relaxed" | "plain";
  readonly addresses: "32" | "64";
  readonly weights: "f32" | "f16";
  readonly json?: boolean;
  readonly only?: string;
  readonly median?: number;
}

function sections(text: string): string[] {
  const chosen = text.split(",").map((s) => s.trim().toUpperCase()).filter(Boolean);
  if (chosen.length > 0 && chosen.every((section) => SECTIONS.includes(section))) return chosen;
  throw new InvalidArgumentError(`wanted letters of ${SECTIONS.join(",")}`);
}

function wasmOptions({ threads, simd, addresses }: Options): WasmOptions {
  return {
    ...(threads ? { threads } : {}),
    ...(simd ? { relaxed: simd === "relaxed" } : {}),
    ...(addresses === "64" ? { maximumBytes: WIDE_BYTES } : {}),
  };
}

async function compare(folder: string, options: Options, { print }: Context): Promise<number> {
  const golden = await openGolden(folder);
  const selected = golden.cases.filter((c) =>
    options.sections.includes(c.section) && (!options.only || c.name.includes(options.only))
  );
  const device: Device | null = options.backend === "reference"
    ? null
    : await openDevice(options.backend, { wasm: wasmOptions(options) });
  const fp16 = options.weights === "f16";
  if (fp16 && (!device || !options.sections.every((section) => section === "B"))) {
    throw new RangeError("fp16 weights are judged with --sections B on a device");
  }
  const runner = new Runner(golden, device ? onDevice(device, options.weights) : reference);
  if (!options.json) {
    print(`status case${" ".repeat(29)} error      tol  floors    time worst output`);
  }
  const reports: CaseReport[] = [];
  const add = (report: CaseReport) => {
    reports.push(report);
    print(options.json ? JSON.stringify(report) : line(report));
  };
  for (const item of selected) add(await runner.run(item));
  if (options.sections.includes("A") || options.sections.includes("G")) {
    for (const table of await tables(folder)) {
      if (!options.sections.includes(table.section)) continue;
      const status = table.differences.length === 0 ? "passed" : "failed";
      const note = table.differences.slice(0, 3).join("; ");
      const worst = {
        output: `${table.rows} rows`,
        relative: table.differences.length,
        tolerance: 0,
        floor: 0,
      };
      add({ name: table.name, section: table.section, status, worst, seconds: 0, note });
    }
  }
  device?.[Symbol.dispose]();
  const count = (status: CaseReport["status"]) => reports.filter((r) => r.status === status).length;
  const floors = reports.flatMap((r) =>
    r.worst && r.worst.floor > 0 ? [r.worst.relative / r.worst.floor] : []
  );
  const [passed, failed, skipped] = [count("passed"), count("failed"), count("skipped")];
  const worst = Math.max(0, ...reports.flatMap((r) => r.worst ? [excess(r.worst)] : []));
  const medianFloors = Number(median(floors).toFixed(2));
  print(JSON.stringify({
    passed,
    failed,
    skipped,
    worst: Number.isFinite(worst) ? Number(worst.toFixed(3)) : "Infinity",
    medianFloors,
    backend: options.backend,
  }));
  const isNear = medianFloors <= (options.median ?? Infinity);
  return failed + skipped === 0 && passed > 0 && isNear ? EXIT.done : EXIT.failed;
}

/** The parity command. */
export const parity = command<Options>({
  name: "parity",
  description: "Compares every case of a folder of golden vectors with what this library computes.",
  declare: (reader) => {
    reader
      .argument("<folder>", "folder with index.json")
      .option("--sections <list>", "sections to run", sections, SECTIONS)
      .addOption(
        choice(
          "--backend <name>",
          "reference: the evaluation in f64",
          ["wasm", "webgpu", "reference"],
          "wasm",
        ),
      )
      .option("--threads <n>", "CPU threads of the wasm backend", wholeNumber(1))
      .addOption(
        choice("--simd <kind>", "build of the wasm backend (default: what the runtime has)", [
          "relaxed",
          "plain",
        ]),
      )
      .addOption(
        choice("--addresses <bits>", "width of the wasm backend's addresses", ["32", "64"], "32"),
      )
      .addOption(
        choice(
          "--weights <kind>",
          "f16: whole models with matrices rounded to fp16, judged by 2e-3",
          ["f32", "f16"],
          "f32",
        ),
      )
      .option(
        "--median <floors>",
        "fail where half of the cases are further off than so many times float32's own error",
        wholeNumber(1),
      )
      .option("--only <text>", "cases whose name contains this")
      .option("--json", "one JSON line a case instead of the table");
  },
  run: (options, context, [folder]) => compare(folder!, options, context),
});
