// The fetch command from its words and the environment to the cache and back, and other commands that are given names on
// a Hub.

import assert from "node:assert/strict";
import { evaluate } from "../../app/evaluate/command.ts";
import { fetchCommand } from "../../app/fetch/command.ts";
import { forecast } from "../../app/forecast/command.ts";
import { originOf } from "../../app/forecast/provenance.ts";
import { inspect } from "../../app/inspect/command.ts";
import { plan } from "../../app/plan/command.ts";
import { openHdf5 } from "../../lib/io/hdf5.ts";
import { type ServedHub, type ServedRepo, serveHub, TOKEN } from "../hub/server.ts";
import { inRepository } from "../shared.ts";
import { inFolder, runCommand, TASKS } from "./run_command.ts";

const COMMIT = "f".repeat(40);
const read = (path: string) => Deno.readFileSync(inRepository(`examples/${path}`));

const MODEL: ServedRepo = {
  kind: "model",
  repo: "org/small",
  commit: COMMIT,
  access: "token",
  files: {
    "README.md": new TextEncoder().encode("# A network"),
    "model.safetensors": read("walrus_small/walrus.safetensors"),
    "extended_config.yaml": read("walrus_small/extended_config.yaml"),
  },
};

const DATA: ServedRepo = {
  kind: "dataset",
  repo: "org/set",
  commit: COMMIT,
  files: { "data/valid/a.hdf5": read("data/gray_scott_mini.hdf5") },
};

/** The environment of a user of this Hub. */
function variables({ endpoint }: ServedHub, home: string, more: Readonly<Record<string, string>> = {}) {
  return { HF_HOME: home, HF_ENDPOINT: endpoint, HF_TOKEN: TOKEN, ...more };
}

function environment(values: Readonly<Record<string, string>>) {
  return { environment: (name: string) => values[name] };
}

Deno.test("fetch fetches what loading takes, lists, verifies and removes", () =>
  inFolder(async (home) => {
    await using hub = serveHub([MODEL, DATA]);
    const given = environment(variables(hub, home));
    const run = async (...args: string[]) => {
      const { code, out, err } = await runCommand(fetchCommand, args, given);
      assert.equal(code, 0, err);
      return { out: out.split("\n"), err };
    };
    const snapshot = `${home}/hub/models--org--small/snapshots/${COMMIT}`;
    const fetched = await run("hf:org/small");
    assert.deepEqual(fetched.out, [`${snapshot}/model.safetensors`, `${snapshot}/extended_config.yaml`]);
    assert.match(fetched.err, /^fetches \d+\.\d MB of hf:org\/small \(2 files\)$/m);
    assert.match(fetched.err, /^model\.safetensors: (\S+ MB) of \1$/m);
    const set = await run("hf:datasets/org/set");
    assert.deepEqual(set.out, [`${home}/hub/datasets--org--set/snapshots/${COMMIT}: 1 files`]);
    const listed = (await run("--list", "hf:org/small")).out;
    assert.match(listed[0]!, /^ +\d+ bytes {8}README\.md$/);
    assert.match(listed[1]!, /^ +\d+\.\d MB {2}kept {2}model\.safetensors$/);
    assert.match(
      (await run("--list")).out.join("\n"),
      /hf:datasets\/org\/set: 1 revisions\n.*hf:org\/small: 1 revisions/,
    );
    assert.deepEqual((await run("--verify")).out, [
      "hf:datasets/org/set: 1 right, 0 wrong",
      "hf:org/small: 2 right, 0 wrong",
    ]);
    assert.deepEqual((await run("hf:org/small", "--all")).out, [`${snapshot}: 3 files`]);
    await Deno.writeTextFile(await Deno.realPath(`${snapshot}/README.md`), "# Another");
    const wrong = await runCommand(fetchCommand, ["--verify", "hf:org/small"], given);
    assert.deepEqual([wrong.code, wrong.out.split("\n")[0]], [
      1,
      `hf:org/small: ${COMMIT}/README.md has wrong bytes and was removed`,
    ]);
    assert.match((await run("--remove", "hf:org/small")).out[0]!, /^removed hf:org\/small: \d/);
    const gone = await runCommand(fetchCommand, ["--remove", "hf:org/small"], given);
    assert.match(gone.err, /^error: Cannot remove "hf:org\/small": nothing of it is kept in /);
    const part = await runCommand(fetchCommand, ["--remove", "hf:datasets/org/set/data"], given);
    assert.match(part.err, /whole repositories are removed, "hf:datasets\/org\/set" for instance/);
  }));

Deno.test("fetch and inspect run with the rights of their tasks, on the environment of the process", () =>
  inFolder(async (home) => {
    await using hub = serveHub([MODEL]);
    const task = (name: string, more: Readonly<Record<string, string>>, ...args: string[]) => {
      const [run, ...words] = TASKS.get(name)!;
      return new Deno.Command(Deno.execPath(), {
        args: [run!, "--no-prompt", ...words, ...args],
        cwd: inRepository("."),
        env: variables(hub, home, more),
        stdin: "null",
      }).output();
    };
    const process = (more: Readonly<Record<string, string>>, ...args: string[]) =>
      task("fetch", more, ...args);
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    const done = await process({}, "hf:org/small/extended_config.yaml");
    assert.equal(done.code, 0, text(done.stderr));
    assert.match(text(done.stdout), /snapshots\/f{40}\/extended_config\.yaml\n$/);
    const offline = await process({ HF_HUB_OFFLINE: "1" }, "hf:org/small/model.safetensors");
    assert.equal(offline.code, 1);
    assert.match(
      text(offline.stderr),
      /^error: Cannot open "hf:org\/small\/model\.safetensors": it is not kept/,
    );
    const inspected = await task("inspect", {}, "hf:org/small");
    assert.equal(inspected.code, 0, text(inspected.stderr));
    assert.match(text(inspected.stdout), /6 blocks of width 96/);
  }));

Deno.test("evaluate and plan take names on a Hub", () =>
  inFolder(async (home) => {
    await using hub = serveHub([MODEL, DATA]);
    const given = environment(variables(hub, home));
    const planned = await runCommand(plan, ["--checkpoint", "hf:org/small", "--points", "32x32"], given);
    assert.equal(planned.code, 0, planned.err);
    assert.match(planned.out, /6 blocks of width 96/);
    const args = ["hf:datasets/org/set", "--checkpoint", "hf:org/small", "--every", "1000", "--rollout", "0"];
    const scored = await runCommand(evaluate, [...args, "--backend", "wasm"], given);
    assert.equal(scored.code, 0, scored.err);
    assert.match(scored.out, /^set .* \/ -/m);
  }));

/** Bytes as hexadecimal digits of their SHA-256. */
async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

Deno.test("a forecast's file says which bytes of a Hub made it", () =>
  inFolder(async (home) => {
    await using hub = serveHub([MODEL, DATA]);
    const given = environment(variables(hub, home));
    const out = `${home}/out`;
    const input = "hf:datasets/org/set/data/valid/a.hdf5";
    const args = ["--input", input, "--checkpoint", "org/small", "--steps", "1", "--no-gif", "--out", out];
    const { code, err } = await runCommand(forecast, args, given);
    assert.equal(code, 0, err);
    using file = await openHdf5(`${out}/forecast.hdf5`);
    const attributes = await file.attributes("/");
    const wanted = {
      checkpoint: `hf:org/small@${COMMIT}/model.safetensors`,
      checkpoint_revision: "main",
      checkpoint_sha256: await sha256(read("walrus_small/walrus.safetensors")),
      input,
    };
    for (const [name, value] of Object.entries(wanted)) assert.equal(attributes[name], value, name);
  }));

Deno.test("the digest of a distributed checkpoint is that of its files' digests", async () => {
  const folder = inRepository("tests/fixtures/cases/distcp");
  const digests = await Promise.all(
    [".metadata", "__0_0.distcp"].map((name) => sha256(Deno.readFileSync(`${folder}/${name}`))),
  );
  const wanted = await sha256(new TextEncoder().encode(digests.join("\n")));
  const { signal } = new AbortController();
  for (const checkpoint of [folder, `${folder}/`, `${folder}/.metadata`, `file://${folder}`]) {
    const origin = await originOf(checkpoint, { checkpoint }, signal);
    assert.equal(origin.checkpoint_sha256, wanted, checkpoint);
  }
  assert.equal((await originOf(`${folder}/`, { checkpoint: folder }, signal)).checkpoint, "distcp");
});

Deno.test("inspect takes names on a Hub: networks, data, configurations, arrays", () =>
  inFolder(async (home) => {
    const others: ServedRepo = {
      ...DATA,
      repo: "org/others",
      files: {
        "bare.hdf5": Deno.readFileSync(inRepository("tests/fixtures/samples-bad/01_missing_t0_group.hdf5")),
      },
    };
    const learnt = Deno.readFileSync(inRepository("examples/walrus_small/learnt.yaml"));
    const model = { ...MODEL, files: { ...MODEL.files, "learnt.yaml": learnt } };
    await using hub = serveHub([model, DATA, others]);
    const given = environment(variables(hub, home));
    const run = async (...args: string[]) => {
      const { code, out, err } = await runCommand(inspect, args, given);
      assert.equal(code, 0, err);
      return JSON.parse(out);
    };
    const checkpoint = await run("hf:org/small", "--json");
    const local = await run(inRepository("examples/walrus_small/walrus.safetensors"), "--json");
    assert.equal(checkpoint.kind, "checkpoint");
    assert.deepEqual(checkpoint.network, local.network);
    const configuration = await run("hf:org/small/extended_config.yaml", "--json");
    assert.equal(configuration.network.description, "6 blocks of width 96");
    const network = ["--checkpoint", "org/small", "--config", "hf:org/small/extended_config.yaml"];
    const data = await run("hf:datasets/org/set", ...network, "--backend", "wasm", "--check", "--json");
    assert.deepEqual([data.kind, data.name, data.format], ["data", "hf:datasets/org/set", "well"]);
    assert.equal(data.network.description, "6 blocks of width 96");
    assert.match(data.network.name, /models--org--small\/snapshots\/f{40}\/model\.safetensors$/);
    const broken = await runCommand(inspect, ["hf:datasets/org/others/bare.hdf5", "--json"], given);
    assert.equal(broken.code, 1);
    const { kind, arrays } = JSON.parse(broken.out);
    assert.deepEqual([kind, arrays.length > 0], ["contents", true]);
    const absent = await runCommand(inspect, ["hf:org/small/none.hdf5"], given);
    assert.match(absent.err, /^error: Cannot open "hf:org\/small\/none\.hdf5": there is no such file/m);
  }));
