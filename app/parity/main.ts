// Parity with the oracle: runs every case of a folder of golden vectors, prints a table and fails when one case is
// beyond its tolerance or is not run.

import type { WasmOptions } from "../../lib/backend/wasm/device.ts";
import { WIDE_BYTES } from "../../lib/backend/wasm/module.ts";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { openDevice } from "../../lib/backend/auto.ts";
import type { Device } from "../../lib/compile/device.ts";
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

const BACKENDS: readonly string[] = ["wasm", "webgpu", "reference"];

interface Options {
  readonly sections: string[];
  readonly backend: "wasm" | "webgpu" | "reference";
  readonly threads?: number;
  readonly simd?: "relaxed" | "plain";
  readonly addresses: "32" | "64";
  readonly weights: "f32" | "f16";
  readonly json?: boolean;
  readonly only?: string;
}

function readOptions(args: readonly string[]): { folder: string; options: Options } {
  const choose = (text: string) => {
    const sections = text.split(",").map((s) => s.trim().toUpperCase()).filter(Boolean);
    const unknown = sections.find((s) => !SECTIONS.includes(s));
    if (unknown || sections.length === 0) {
      throw new InvalidArgumentError(`wanted letters of ${SECTIONS.join(",")}.`);
    }
    return sections;
  };
  const backend = (text: string) => {
    if (BACKENDS.includes(text)) return text;
    throw new InvalidArgumentError(`wanted one of ${BACKENDS.join(", ")}.`);
  };
  const count = (text: string) => {
    if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError("wanted a whole number from 1.");
    return Number(text);
  };
  const command = new Command("parity")
    .description("Compares every case of a folder of golden vectors with what this library computes.")
    .argument("<folder>", "folder with index.json")
    .option("--sections <list>", "sections to run", choose, SECTIONS)
    .option("--backend <name>", "wasm, webgpu or reference (f64)", backend, "wasm")
    .option("--threads <n>", "CPU threads of the wasm backend", count)
    .addOption(
      new Option("--simd <kind>", "build of the wasm backend (default: what the runtime has)")
        .choices(["relaxed", "plain"]),
    )
    .addOption(
      new Option("--addresses <bits>", "width of the wasm backend's addresses").choices(["32", "64"]).default(
        "32",
      ),
    )
    .addOption(
      new Option("--weights <kind>", "f16: whole models with matrices rounded to halves, judged by 2e-3")
        .choices(["f32", "f16"]).default("f32"),
    )
    .option("--only <text>", "cases whose name contains this")
    .option("--json", "one JSON line a case instead of the table")
    .exitOverride();
  command.parse([...args], { from: "user" });
  return { folder: command.args[0]!, options: command.opts() as Options };
}

function wasmOptions({ threads, simd, addresses }: Options): WasmOptions {
  return {
    ...(threads ? { threads } : {}),
    ...(simd ? { relaxed: simd === "relaxed" } : {}),
    ...(addresses === "64" ? { maximumBytes: WIDE_BYTES } : {}),
  };
}

async function main(args: readonly string[]): Promise<number> {
  const { folder, options } = readOptions(args);
  const golden = await openGolden(folder);
  const selected = golden.cases.filter((c) =>
    options.sections.includes(c.section) && (!options.only || c.name.includes(options.only))
  );
  const device: Device | null = options.backend === "reference"
    ? null
    : await openDevice(options.backend, { wasm: wasmOptions(options) });
  const halves = options.weights === "f16";
  if (halves && (!device || !options.sections.every((section) => section === "B"))) {
    throw new RangeError("Halves are judged with --sections B on a device");
  }
  const runner = new Runner(golden, device ? onDevice(device, options.weights) : reference);
  if (!options.json) {
    console.log(`status case${" ".repeat(29)} error      tol  floors    time worst output`);
  }
  const reports: CaseReport[] = [];
  const add = (report: CaseReport) => {
    reports.push(report);
    console.log(options.json ? JSON.stringify(report) : line(report));
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
  console.log(JSON.stringify({
    passed,
    failed,
    skipped,
    worst: Number.isFinite(worst) ? Number(worst.toFixed(3)) : "Infinity",
    medianFloors: Number(median(floors).toFixed(2)),
    backend: options.backend,
  }));
  return failed + skipped === 0 && passed > 0 ? 0 : 1;
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    if (error instanceof CommanderError) Deno.exit(error.exitCode);
    console.error(`error: ${(error as Error).message}`);
    Deno.exit(1);
  }
}
