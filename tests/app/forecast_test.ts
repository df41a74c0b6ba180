// The forecast command: outputs, refusals, interruption.

import assert from "node:assert/strict";
import { decode } from "fast-png";
import { openData } from "../../lib/data/open_data.ts";
import { forecast } from "../../app/forecast/command.ts";
import { fixture, inRepository } from "../shared.ts";
import { inFolder, runCommand, taskProcess } from "./run_command.ts";

const run = (...args: string[]) => runCommand(forecast, args);

/** Collects what a pipe carries. */
function follow(
  pipe: ReadableStream<Uint8Array<ArrayBuffer>>,
): { text: string; readonly ended: Promise<void> } {
  const collect = async () => {
    for await (const piece of pipe.pipeThrough(new TextDecoderStream())) result.text += piece;
  };
  const result = { text: "", ended: Promise.resolve() };
  result.ended = collect();
  return result;
}

Deno.test("forecast writes scores, a Well file, a picture and an animation", () =>
  inFolder(async (folder) => {
    const input = inRepository("examples/data/gray_scott_mini.hdf5");
    const { code, out, err } = await run(
      "--input",
      input,
      "--steps",
      "3",
      "--seed",
      "5",
      "--out",
      `${folder}/new`,
    );
    assert.equal(code, 0, err);
    assert.match(out, / A\s+B\s+mean/);
    assert.match(out, /mean of steps/);
    assert.match(err, /forecast 3\/3, .* (steps\/s|s\/step), took/);
    const names = [...Deno.readDirSync(`${folder}/new`)].map((e) => e.name).sort();
    assert.deepEqual(names, ["forecast.gif", "forecast.hdf5", "forecast.png"]);
    using written = await openData(`${folder}/new/forecast.hdf5`);
    const trajectory = (await written.split()).trajectory(0);
    assert.equal(trajectory.steps, 3);
    assert.deepEqual(trajectory.info.boundaries, [["periodic", "periodic"], ["periodic", "periodic"]]);
    assert.deepEqual(trajectory.info.fields.map(({ name }) => name), ["A", "B"]);
    for (const values of (await trajectory.sample([2])).values) {
      assert.ok(values.every(Number.isFinite) && values.some((v) => v !== 0));
    }
    const picture = decode(await Deno.readFile(`${folder}/new/forecast.png`));
    assert.ok(picture.width > 500 && picture.height > 300);
    const gif = await Deno.readFile(`${folder}/new/forecast.gif`);
    assert.equal(new TextDecoder().decode(gif.subarray(0, 6)), "GIF89a");
    assert.ok(gif.length < 3e6);
  }));

Deno.test("forecast says how it treats a grid, and refuses it where it is told to", () =>
  inFolder(async (folder) => {
    const input = fixture("cases/grid_96x48.hdf5");
    const { code, out, err } = await run("--input", input, "--steps", "1", "--out", folder);
    assert.equal(code, 0, err);
    assert.match(out, /^grid of 96 x 48 points: strides \(1, 3\) x \(2, 1\), 32 x 24 tokens$/m);
    using written = await openData(`${folder}/forecast.hdf5`);
    const trajectory = (await written.split()).trajectory(0);
    assert.deepEqual(trajectory.info.grid.shape, [96, 48]);
    for (const values of (await trajectory.sample([0])).values) assert.ok(values.every(Number.isFinite));
    const refused = await run("--input", input, "--grid", "refuse", "--force", "--out", folder);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /Cannot cut axis 0 of grid 96 x 48 x 1 into tokens: it has 96 points/);
  }));

Deno.test("forecast gives the same numbers for the same seed and others without jitter", () =>
  inFolder(async (folder) => {
    const table = async (...more: string[]) => {
      const { out } = await run("--steps", "1", "--no-gif", "--force", "--out", folder, ...more);
      return out.split("\n").find((line) => /^ +1 /.test(line));
    };
    const [first, again, other, still] = [
      await table("--seed", "3"),
      await table("--seed", "3", "--threads", "1"),
      await table("--seed", "4"),
      await table("--no-jitter"),
    ];
    assert.ok(first);
    assert.equal(first, again);
    assert.notEqual(first, other);
    assert.notEqual(first, still);
  }));

Deno.test("forecast goes on past the end of the truth and says so", () =>
  inFolder(async (folder) => {
    const input = inRepository("examples/data/gray_scott_mini.hdf5");
    const { code, out } = await run("--input", input, "--start", "6", "--steps", "2", "--out", folder);
    assert.equal(code, 0);
    assert.match(out, /^ +2 .*- +\(-\)/m);
  }));

Deno.test("forecast refuses bad options and files in clear words and leaves nothing behind", () =>
  inFolder(async (folder) => {
    const cases: [string[], RegExp][] = [
      [["--steps", "0"], /--steps.*'0', wanted a whole number from 1$/],
      [["--steps", "many"], /wanted a whole number/],
      [["--frobnicate"], /unknown option '--frobnicate'/],
      [["extra"], /argument/],
      [["--input", "/no/such.hdf5"], /"\/no\/such.hdf5": there is no such file/],
      [["--input", fixture("samples-bad/40_truncated_half.hdf5")], /truncated/],
      [["--input", fixture("samples-bad/00_good.hdf5")], /grid 6 x 5 x 1.*has 6 points|has no "A"|6 points/],
      [[
        "--checkpoint",
        fixture("golden/checkpoints/evil_system.pt"),
        "--config",
        fixture("golden/checkpoints/extended_config.yaml"),
      ], /never executed/],
      [[
        "--checkpoint",
        fixture("golden/checkpoints/walrus.safetensors"),
        "--config",
        fixture("golden/checkpoints/extended_config.yaml"),
      ], /field table has no "density"/],
      [["--checkpoint", fixture("golden/checkpoints/wrong_shape.pt")], /wrong_shape.pt.*wanted/],
      [["--trajectory", "7"], /trajectories 0 to 0, 7 was asked for/],
      [["--start", "15"], /too short/],
      [["--map", "density"], /wanted FIELD=NAME/],
      [["--map", "density=vorticity"], /no "vorticity"/],
      [["--transform", "nothing=log10"], /no field "nothing" to transform/],
      [["--seed", "-1"], /wanted a whole number from 0/],
      [["--memory", "17"], /--memory.*'17', wanted a whole number from 1 to 16/],
      [["--backend", "cuda"], /--backend.*'cuda', wanted one of wasm, webgpu, auto/],
    ];
    for (const [args, words] of cases) {
      const { code, err } = await run(...args, "--out", `${folder}/out`);
      assert.notEqual(code, 0, args.join(" "));
      assert.match(err, words, args.join(" "));
      assert.match(err.split("\n").at(-1)!, /^error: /, `${args.join(" ")}: the error is the last line`);
    }
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  }));

Deno.test("forecast that is interrupted ends with 130 and leaves no partial file", () =>
  inFolder(async (folder) => {
    const child = taskProcess("forecast", "--steps", "100", "--out", `${folder}/out`).spawn();
    // Both pipes are read to their ends, or the command would wait for room in them.
    const [out, err] = [follow(child.stdout), follow(child.stderr)];
    while (!/forecast [1-9]\d*\//.test(err.text)) await new Promise((resolve) => setTimeout(resolve, 50));
    child.kill("SIGINT");
    const { code } = await child.status;
    await Promise.all([out.ended, err.ended]);
    assert.equal(code, 130);
    assert.match(err.text, /interrupted/);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  }));

Deno.test("forecast --reuse is --kv-cache under its old name", () =>
  inFolder(async (folder) => {
    const table = async (...more: string[]) => {
      const { code, out, err } = await run(
        "--steps",
        "2",
        "--no-jitter",
        "--no-gif",
        "--force",
        "--out",
        folder,
        ...more,
      );
      assert.equal(code, 0, err);
      return { row: out.split("\n").find((line) => /^ +2 /.test(line)), err };
    };
    const [plain, cached, old] = [await table(), await table("--kv-cache"), await table("--reuse")];
    assert.notEqual(cached.row, plain.row);
    assert.equal(old.row, cached.row);
    assert.match(old.err, /^warning: --reuse is now called --kv-cache$/m);
    assert.doesNotMatch(cached.err, /warning: --reuse/);
  }));

Deno.test("forecast --help lists every option", async () => {
  const { out } = await run("--help");
  const options =
    "input checkpoint config stats steps start stride frames trajectory seed no-jitter kv-cache backend " +
    "weights threads memory map transform out";
  for (const option of options.split(" ")) assert.ok(out.includes(`--${option}`), option);
});
