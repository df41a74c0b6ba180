// The configuration of the endpoint: complete, read back equal, every mistake in words.

import assert from "node:assert/strict";
import { serve } from "../../app/serve/command.ts";
import { parseSettings, parseTokens, writeSettings } from "../../app/serve/settings.ts";
import { LIMITS } from "../../lib/serve/limits.ts";
import { parseYaml } from "../../lib/io/yaml.ts";
import { inRepository } from "../shared.ts";
import { inFolder, runCommand, runTask } from "./run_command.ts";

const DIGEST = "ab".repeat(32);

/** What is said of a configuration. */
function mistakes(yaml: string): string[] {
  try {
    parseSettings(yaml, "serve.yaml");
  } catch (error) {
    assert.ok(error instanceof SyntaxError, String(error));
    const [, words] = /^Cannot read "serve.yaml": \s*([\s\S]*)$/.exec(error.message)!;
    return words!.split("\n").map((line) => line.trim());
  }
  return [];
}

Deno.test("without a configuration the shipped model and data are served on this machine alone", () => {
  const settings = parseSettings();
  assert.deepEqual(settings.listen, { host: "127.0.0.1", port: 8080 });
  assert.deepEqual(Object.keys(settings.models), ["walrus_small"]);
  assert.deepEqual(Object.keys(settings.data), ["euler_quadrants", "gray_scott"]);
  assert.deepEqual(settings.limits, LIMITS);
  const { checkpoint } = settings.models.walrus_small!;
  for (const file of [checkpoint, ...Object.values(settings.data).map(({ input }) => input)]) {
    assert.ok(Deno.statSync(file).isFile);
  }
});

Deno.test("a configuration with every key is read, and what is written of it reads back equal", () => {
  const settings = parseSettings(`
listen: {host: 0.0.0.0, port: 80}
models:
  small: {checkpoint: a.safetensors, config: a.yaml, description: one, backend: auto, weights: f16, memory: 1GiB, threads: 3, preload: false}
data:
  waves: {input: waves.hdf5, description: water, masks: {land: hidden}}
limits: {bytes: 1MB, answer: 2MB, held: 3MB, steps: 4, points: 5, fields: 6, frames: 7, seconds: 8.5, stall: 8, running: 9, waiting: 10, per_token: 11, memory: 12GB}
tokens: [{name: lab, sha256: ${DIGEST}, limits: {steps: 2, per_token: 1}}]
origins: ["https://lab.example"]
upstream: {url: "https://gpu.example/walrus", models: [large], token_file: /run/secrets/token, attempts: 2, backoff: 0.5, silence: 60}
log: none
grace: 5
`);
  assert.deepEqual(settings.limits, {
    bytes: 1e6,
    answer: 2e6,
    held: 3e6,
    steps: 4,
    points: 5,
    fields: 6,
    frames: 7,
    seconds: 8.5,
    stall: 8,
    running: 9,
    waiting: 10,
    perToken: 11,
    memory: 12e9,
  });
  assert.deepEqual(settings.tokens, [{ name: "lab", sha256: DIGEST, limits: { steps: 2, perToken: 1 } }]);
  assert.deepEqual(parseSettings(writeSettings(settings)), settings);
  assert.deepEqual(parseSettings(writeSettings(parseSettings())), parseSettings());
});

Deno.test("models without data serve no shipped data, an upstream alone serves no shipped model", () => {
  const own = parseSettings("models: {a: {checkpoint: a.pt}}");
  assert.deepEqual([Object.keys(own.models), own.data], [["a"], {}]);
  const edge = parseSettings("models: {}\ndata: {}\nupstream: {url: 'http://gpu'}");
  assert.deepEqual([edge.models, edge.data], [{}, {}]);
});

Deno.test("every mistake is named: the key, its value, what was wanted", () => {
  assert.deepEqual(
    mistakes(`
listen: {port: 99999, hots: a}
models:
  a: {checkpoint: 3, threds: 1, backend: gpu, memory: lots}
  "b c": {checkpoint: x}
data: {d: x.hdf5}
limits: {step: 3, bytes: -1, per_token: 0, seconds: soon, perToken: 3}
tokens: [{name: a, sha256: secret}]
origins: [http://a/b]
upstream: {url: "ftp://x"}
log: loud
grace: 0
listn: 3
`).toSorted(),
    [
      'data.d is "x.hdf5", wanted a section of settings',
      "grace is 0, wanted seconds above 0",
      "limits.bytes is -1, wanted an amount of memory: 8GB, 8GiB, 500MB or bytes",
      'limits.perToken is not known, did you mean "per_token"?',
      "limits.per_token is 0, wanted a whole number from 1",
      'limits.seconds is "soon", wanted a number',
      'limits.step is not known, did you mean "steps"?',
      'listen.hots is not known, did you mean "host"?',
      "listen.port is 99999, wanted a port",
      'listn is not known, did you mean "listen"?',
      'log is "loud", wanted json or none',
      'models.a.backend is "gpu", wanted wasm, webgpu or auto',
      "models.a.checkpoint is 3, wanted text",
      'models.a.memory is "lots", wanted an amount of memory: 8GB, 8GiB, 500MB or bytes',
      'models.a.threds is not known, did you mean "threads"?',
      'models.b c is "b c", wanted letters, digits, _ . or -, at most 64',
      'origins.0 is "http://a/b", wanted an origin as https://host, or "*"',
      'tokens.0.sha256 is "secret", wanted the token\'s SHA-256: 64 hexadecimal digits',
      'upstream.url is "ftp://x", wanted an http or https URL without query',
    ],
  );
});

Deno.test("what only shows between entries is named as well", () => {
  assert.deepEqual(
    mistakes(`
models: {a: {checkpoint: a.pt, memory: 8GB}}
limits: {memory: 4GB, seconds: 10, stall: 20}
tokens: [{name: lab, sha256: ${DIGEST}}, {name: lab, sha256: ${DIGEST}}]
upstream: {url: "http://gpu", models: [a]}
`),
    [
      'upstream.models names "a", which is a model here',
      'tokens names "lab" twice, wanted a name for each',
      "models.a.memory is 8.00 GB, wanted at most limits.memory, 4.00 GB",
      "limits.stall is 20, wanted at most limits.seconds, 10",
    ],
  );
  assert.deepEqual(mistakes("models: {}"), ["models is {}, wanted at least one, or an upstream"]);
});

Deno.test("tokens of a file of their own are checked as those of the configuration", () => {
  assert.deepEqual(parseTokens(`[{name: a, sha256: ${DIGEST}}]`, "t"), [{
    name: "a",
    sha256: DIGEST,
    limits: {},
  }]);
  assert.throws(
    () => parseTokens("[{name: a}]", "t"),
    /Cannot read "t": 0.sha256 is absent$/,
  );
  assert.throws(() => parseTokens("{a: b}", "t"), /the whole file is {"a":"b"}, wanted a list/);
});

Deno.test("--check prints the complete configuration of the options, and ends", async () => {
  const { code, out, err } = await runCommand(serve, ["--check", "--port", "9", "--upstream", "http://gpu/"]);
  assert.equal(code, 0, err);
  const { listen, upstream, limits } = parseYaml(out) as Record<string, Record<string, unknown>>;
  assert.deepEqual(listen, { host: "127.0.0.1", port: 9 });
  assert.deepEqual(upstream, {
    url: "http://gpu/",
    models: null,
    token_file: null,
    attempts: 4,
    backoff: 0.2,
    silence: null,
  });
  assert.equal(limits!.per_token, LIMITS.perToken);
});

Deno.test("--check names every file that is not there", () =>
  inFolder(async (folder) => {
    const file = `${folder}/serve.yaml`;
    const model = inRepository("examples/walrus_small/walrus.safetensors");
    await Deno.writeTextFile(
      file,
      `models: {a: {checkpoint: ${model}}, b: {checkpoint: b.pt, config: b.yaml}}\ndata: {c: {input: c}}\n`,
    );
    const { code, err } = await runCommand(serve, [file, "--check"]);
    assert.equal(code, 1);
    assert.equal(
      err,
      `error: Cannot serve "${file}": models.b.checkpoint is "b.pt", which is not there; ` +
        'models.b.config is "b.yaml", which is not there; data.c.input is "c", which is not there',
    );
  }));

Deno.test("options that are none end with what was wanted", async () => {
  const { code, err } = await runCommand(serve, ["--upstream", "gpu:80"]);
  assert.deepEqual([code, err], [
    2,
    "error: option '--upstream <url>' is 'gpu:80', wanted an http or https URL",
  ]);
});

Deno.test("the shipped serve.yaml holds every key there is", async () => {
  const text = await Deno.readTextFile(inRepository("examples/serve/serve.yaml"));
  const given = parseYaml(text) as Record<string, unknown>;
  const complete = parseYaml(writeSettings(parseSettings(text))) as Record<string, unknown>;
  assert.deepEqual(Object.keys(given).toSorted(), Object.keys(complete).toSorted());
  for (const section of ["listen", "limits"]) {
    assert.deepEqual(
      Object.keys(given[section] as object),
      Object.keys(complete[section] as object),
      section,
    );
  }
});

Deno.test("what can not be served ends the command at once, in one line", () =>
  inFolder(async (folder) => {
    const serving = async (yaml: string) => {
      await Deno.writeTextFile(`${folder}/serve.yaml`, yaml);
      const { code, err } = await runTask("serve", `${folder}/serve.yaml`);
      assert.equal(code, 1, err);
      return err.trim();
    };
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = taken.addr as Deno.NetAddr;
    assert.match(
      await serving(`listen: {port: ${port}}`),
      new RegExp(`^error: Cannot listen at 127.0.0.1, port ${port}: [^\n]*in use[^\n]*$`),
    );
    await Deno.writeTextFile(`${folder}/broken.safetensors`, "no weights");
    await Deno.copyFile(
      inRepository("examples/walrus_small/extended_config.yaml"),
      `${folder}/extended_config.yaml`,
    );
    assert.match(
      await serving(`models: {broken: {checkpoint: ${folder}/broken.safetensors}}`),
      /^error: [^\n]*broken\.safetensors[^\n]*$/,
    );
    await Deno.writeTextFile(`${folder}/token`, "two words");
    assert.match(
      await serving(`upstream: {url: "http://gpu", token_file: ${folder}/token}`),
      /^error: Cannot read the token of "[^"]*token": wanted one word without spaces$/,
    );
  }));
