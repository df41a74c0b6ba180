// Whole runs of the train command: those that are interrupted, killed or torn, in a process of their own, end as if
// nothing had happened, diverging ones say where.

import assert from "node:assert/strict";
import { wasm } from "../../lib/backend/wasm/device.ts";
import { loadModel } from "../../lib/forecast/load.ts";
import { openCheckpoint } from "../../lib/io/checkpoint.ts";
import { decodeRunState } from "../../lib/train/run_state.ts";
import { stats } from "../../app/stats/command.ts";
import { train } from "../../app/train/command.ts";
import { runCommand } from "../app/run_command.ts";
import { inRepository } from "../shared.ts";

const STEPS = 10;

/** A folder with two data sets and a configuration for a small run on them. */
async function workplace(): Promise<string> {
  const root = await Deno.makeTempDir();
  for (const name of ["gray_scott_mini", "euler_quadrants_mini"]) {
    for (const split of ["train", "valid"]) {
      await Deno.mkdir(`${root}/data/${name}/data/${split}`, { recursive: true });
      await Deno.copyFile(
        inRepository(`examples/data/${name}.hdf5`),
        `${root}/data/${name}/data/${split}/a.hdf5`,
      );
    }
  }
  const config = `
folder: ${root}/run
data: {root: ${root}/data, samples: 1, strides: [1, 2]}
model: {hidden_dim: 32, intermediate_dim: 4, blocks: 2, heads: 2, mlp_dim: 64, include_d: [2], context: 2, drop_path: 0.1}
training: {steps: ${STEPS}, epoch: 7, accumulate: 2}
optimizer: {lr: 1.0e-3}
validation: {every: 5, windows: 1, rollout: 0}
checkpoint: {every: 2, keep: 3}
log: {every: 1}
backend: wasm
threads: 1
`;
  await Deno.writeTextFile(`${root}/config.yaml`, config);
  return root;
}

function command(root: string, ...overrides: string[]): Deno.Command {
  const permissions = [
    "--allow-read",
    "--allow-write",
    "--allow-sys=systemMemoryInfo",
    "--allow-env=NO_COLOR",
  ];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", ...permissions, inRepository("app/train/main.ts"), `${root}/config.yaml`, ...overrides],
    stdout: "piped",
    stderr: "piped",
  });
}

async function run(root: string, ...overrides: string[]): Promise<{ code: number; text: string }> {
  const { code, err } = await runCommand(train, [`${root}/config.yaml`, ...overrides]);
  return { code, text: err };
}

/** All that a finished run leaves, without times. */
async function outcome(folder: string) {
  const name = `step-${String(STEPS).padStart(8, "0")}`;
  const { model, ...state } = await decodeRunState(`${folder}/checkpoints/${name}.safetensors`);
  const lines = (await Deno.readTextFile(`${folder}/log.jsonl`)).trim().split("\n").map((line) =>
    JSON.parse(line)
  );
  const log = lines.map((line) => Object.entries(line).filter(([key]) => !key.startsWith("speed/")));
  const pictures = [...Deno.readDirSync(`${folder}/pictures`)].map((entry) => entry.name).sort();
  const shown = await Promise.all(pictures.map((picture) => Deno.readFile(`${folder}/pictures/${picture}`)));
  return { state: { ...state, config: model.config, runConfig: "" }, log, pictures, shown };
}

Deno.test("a run that is killed at random moments ends with the bits of one that is not", async () => {
  const root = await workplace();
  try {
    const whole = await run(root, `folder=${root}/whole`);
    assert.equal(whole.code, 0, whole.text);
    const wanted = await outcome(`${root}/whole`);
    assert.equal(wanted.log.length, STEPS + 2);
    assert.deepEqual(wanted.pictures, ["euler_quadrants_mini.safetensors", "gray_scott_mini.safetensors"]);
    const page = await Deno.readTextFile(`${root}/whole/report.html`);
    assert.match(page, /euler_quadrants_mini<.*1 frame ahead of a held-out window.*>5<.*>10</);
    assert.match(whole.text, /GFLOP\/s \(\d+ % of peak\)/);
    let kills = 0;
    for (let code = -1; code !== 0;) {
      const child = command(root, `folder=${root}/killed`).spawn();
      // Moments after the start that no clock repeats.
      const timer = kills < 2
        ? setTimeout(() => {
          kills++;
          child.kill("SIGKILL");
        }, 700 + 1500 * Math.random())
        : undefined;
      const result = await child.output();
      clearTimeout(timer);
      code = result.code;
      const text = new TextDecoder().decode(result.stderr);
      assert.ok(code === 0 || result.signal === "SIGKILL", text);
    }
    assert.deepEqual(await outcome(`${root}/killed`), wanted);
    const left = [...Deno.readDirSync(`${root}/killed/checkpoints`)].map((e) => e.name).sort();
    assert.deepEqual(left, [
      "step-00000006.safetensors",
      "step-00000008.safetensors",
      // Where the cool-down starts.
      "step-00000009.safetensors",
      "step-00000010.safetensors",
    ]);

    // Torn: cut short by a disk that filled up. The one before it is taken.
    const newest = `${root}/killed/checkpoints/step-00000010.safetensors`;
    const bytes = await Deno.readFile(newest);
    await Deno.writeFile(newest, bytes.subarray(0, bytes.length - 1000));
    const again = await run(root, `folder=${root}/killed`, "checkpoint.dtype=f16");
    assert.equal(again.code, 0, again.text);
    assert.match(again.text, /step-00000010.*the one before it is used/);
    assert.match(again.text, /resumes from .*step-00000009/);
    assert.deepEqual(await outcome(`${root}/killed`), wanted);

    // The exported network is one that the library loads, with the weights of the last step.
    using device = await wasm({ threads: 1 });
    using model = await loadModel(`${root}/killed/last/walrus.safetensors`, { device });
    assert.equal(model.model.description, "2 blocks of width 32");
    using exported = await openCheckpoint(`${root}/killed/last/walrus.safetensors`);
    const last = exported.tensors.get("encoder_dummy")!;
    assert.equal(last.dtype, "f16");
    assert.deepEqual(
      await last.read(),
      Float32Array.from(
        wanted.state.trainer.tensors.get("params/encoder_dummy")!,
        (value) => Math.f16round(value),
      ),
    );
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("Ctrl-C finishes the step, saves, and the same command goes on to the same end", async () => {
  const root = await workplace();
  try {
    const whole = await run(root, `folder=${root}/whole`);
    assert.equal(whole.code, 0, whole.text);
    const child = command(root).spawn();
    const reader = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (let sent = false;;) {
      const { value, done } = await reader.read();
      if (done) break;
      text += value;
      if (!sent && text.includes("step 3/")) {
        child.kill("SIGINT");
        sent = true;
      }
    }
    assert.equal((await child.status).code, 130, text);
    assert.match(text, /interrupted: saved as .*step-0000000[3-5]/);
    const rest = await run(root);
    assert.equal(rest.code, 0, rest.text);
    assert.match(rest.text, /resumes from/);
    assert.deepEqual(await outcome(`${root}/run`), await outcome(`${root}/whole`));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("a finished run is extended from before its cool-down, to the bits of one that was long from the start", async () => {
  const root = await workplace();
  try {
    const schedule = ["schedule.kind=constant", "schedule.warmup=2", "schedule.cooldown=3"];
    const long = await run(root, ...schedule, `folder=${root}/long`);
    assert.equal(long.code, 0, long.text);
    const own = [...schedule, `folder=${root}/own`];
    const short = await run(root, ...own, "training.steps=8", "checkpoint.keep=1");
    assert.equal(short.code, 0, short.text);
    const left = [...Deno.readDirSync(`${root}/own/checkpoints`)].map((entry) => entry.name).sort();
    assert.deepEqual(left, ["step-00000005.safetensors", "step-00000008.safetensors"]);

    const refused = await run(root, ...own);
    assert.equal(refused.code, 1, refused.text);
    assert.match(refused.text, /training\.steps changed since the run .* --extend goes on with it/);
    const shorter = await run(root, ...own, "--extend", "training.steps=4");
    assert.equal(shorter.code, 1, shorter.text);
    assert.match(shorter.text, /training\.steps is 4, the run stands at step 8/);

    const more = await run(root, ...own, "--extend");
    assert.equal(more.code, 0, more.text);
    assert.match(
      more.text,
      /extends the run from step 5 of 8 to 10: its learning rates so far are those of the longer/,
    );
    const [a, b] = [await outcome(`${root}/own`), await outcome(`${root}/long`)];
    assert.deepEqual(a.state.trainer, b.state.trainer);
    assert.deepEqual(a.log, b.log);
    assert.deepEqual(a.shown, b.shown);
    // The same command again has nothing left to do.
    const again = await run(root, ...own, "--extend");
    assert.equal(again.code, 0, again.text);
    assert.match(again.text, /resumes from .*step-00000010\.safetensors: step 10 of 10/);

    // A cosine has no rates that a longer one shares: it goes on from its end, and says so.
    const cosine = ["schedule.kind=cosine", `folder=${root}/cosine`];
    assert.equal((await run(root, ...cosine, "training.steps=4", "checkpoint.keep=1")).code, 0);
    const on = await run(root, ...cosine, "training.steps=6", "--extend");
    assert.equal(on.code, 0, on.text);
    assert.match(
      on.text,
      /extends the run from step 4 of 4 to 6: its learning rates since step \d were those of the shorter/,
    );
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("a run that diverges names step, windows and the last good checkpoint", async () => {
  const root = await workplace();
  try {
    const { code, text } = await run(
      root,
      "optimizer.lr=1e30",
      "schedule.warmup=4",
      "schedule.first_factor=0",
    );
    assert.equal(code, 1, text);
    assert.match(text, /error: Step \d+: the loss is .*"[^"]*a\.hdf5", trajectory 0, frame \d+/);
    assert.match(text, /last good checkpoint is (?:none|.*step-\d+)/);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("a run normalises with the statistics of each data set, and finetunes adapters of what it exported", async () => {
  const root = await workplace();
  try {
    const missing = await run(root, "model.normalization=global");
    assert.equal(missing.code, 1, missing.text);
    assert.match(missing.text, /stats\.yaml/);
    for (const name of ["gray_scott_mini", "euler_quadrants_mini"]) {
      const { code, err } = await runCommand(stats, [`${root}/data/${name}`]);
      assert.equal(code, 0, err);
    }
    const short = ["training.steps=2", "validation.every=2"];
    const first = await run(root, ...short, "model.normalization=global", `folder=${root}/global`);
    assert.equal(first.code, 0, first.text);
    const tuned = await run(
      root,
      "--finetune",
      ...short,
      `model.from=${root}/global/last/walrus.safetensors`,
      "training.lora={rank: 2}",
      `folder=${root}/tuned`,
    );
    assert.equal(tuned.code, 0, tuned.text);
    using before = await openCheckpoint(`${root}/global/last/walrus.safetensors`);
    using after = await openCheckpoint(`${root}/tuned/last/walrus.safetensors`);
    assert.deepEqual([...after.tensors.keys()], [...before.tensors.keys()]);
    const changed: string[] = [];
    for (const [name, tensor] of before.tensors) {
      const [a, b] = [await tensor.read(), await after.tensors.get(name)!.read()];
      if (a.some((v, i) => v !== b[i])) changed.push(name);
    }
    assert.ok(
      changed.length > 0 && changed.every((name) => /(qkv|ff_out|attn_out|head)\.weight$/.test(name)),
      `${changed}`,
    );
    assert.match(await Deno.readTextFile(`${root}/tuned/report.html`), /<polyline/);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("a run in little memory says what it computes again, and ends with the bits of one that keeps all", async () => {
  const root = await workplace();
  try {
    const short = ["training.steps=2", "validation.every=0", "checkpoint.every=2"];
    const ended = async (name: string, ...overrides: string[]) => {
      const folder = `folder=${root}/${name}`;
      const { code, err } = await runCommand(train, [`${root}/config.yaml`, folder, ...short, ...overrides]);
      assert.equal(code, 0, err);
      const { trainer } = await decodeRunState(`${root}/${name}/checkpoints/step-00000002.safetensors`);
      return { err, trainer };
    };
    const kept = await ended("kept", "training.remat=0");
    assert.doesNotMatch(kept.err, /recomputed/);
    const peak = Number(/; (\d+) MB \(weights/.exec(kept.err)![1]);
    const budget = Math.round(0.8 * peak);
    const little = await ended("little", `training.memory=${budget}MB`);
    const words =
      /; (\d+) MB \(weights .*\); recomputed: maps and norms of .*, for \d+\.\d % more arithmetic/;
    assert.ok(Number(words.exec(little.err)?.[1]) <= budget, little.err);
    assert.match(little.err, new RegExp(`\\d+ MB less than the ${peak} MB without`));
    assert.deepEqual(little.trainer, kept.trainer);
    // Another memory is no other run.
    const more = await runCommand(train, [
      `${root}/config.yaml`,
      `folder=${root}/little`,
      ...short,
      "training.steps=3",
      "--extend",
      "training.memory=1GB",
    ]);
    assert.equal(more.code, 0, more.err);
    assert.doesNotMatch(more.err, /changed since/);
    assert.match(more.err, /; nothing is recomputed/);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("the train command refuses what it can not do in one line", async () => {
  const root = await workplace();
  try {
    const refused: [string[], RegExp][] = [
      [["training.step=3"], /training\.step is not known/],
      [["optimizer.lr=fast"], /optimizer\.lr is "fast", wanted number/],
      [["data.strides=[5, 1]"], /data\.strides is \[5, 1\], wanted the smallest first/],
      [["data.systems=[nothing]"], /has no "nothing", it has euler_quadrants_mini, gray_scott_mini/],
      [["training.only=[nothing]"], /Nothing is trained/],
      [["data.strides=[40, 40]"], /Cannot train on ".*": it has 0 examples/],
      [
        ["model.hidden_dim=8192", "model.blocks=10", "model.heads=16"],
        /Training needs .* GB .*set (training\.memory=\d.*GB, )?fewer data\.samples/,
      ],
      [
        ["training.memory=2MB", "training.remat=0"],
        /Cannot train in 2 MB: the least that does is \d+ MB, with all recomputed/,
      ],
      [["training.memory=2MB", "training.remat=2"], /training\.remat is 2 beside training\.memory/],
      [["training.memory=2 gigs"], /training\.memory is "2 gigs", wanted an amount of memory: 8GB/],
      [["model.from=nothing.safetensors"], /nothing|extended_config/],
    ];
    for (const [overrides, message] of refused) {
      const { code, err } = await runCommand(train, [`${root}/config.yaml`, ...overrides]);
      assert.equal(code, 1, err);
      assert.match(err, message);
      assert.match(err, /^error: [^\n]*$/);
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
