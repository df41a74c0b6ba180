// The clients of the examples against a server: they print each frame, and say when a forecast was cut off. HUB_PYTHON names
// an interpreter that has numpy; without it Python's is reported as ignored.

import assert from "node:assert/strict";
import { answerOf } from "../../../lib/serve/answer/answer_of.ts";
import { chooseAnswer } from "../../../lib/serve/answer/format.ts";
import { readForecast } from "../../../lib/serve/window/read_window.ts";
import { toNpz } from "../../../lib/serve/answer/whole.ts";
import { inRepository } from "../../shared.ts";
import { following, limits, small } from "../windows.ts";

const PYTHON = Deno.env.get("HUB_PYTHON") ?? "python3";

async function run(
  command: string,
  args: readonly string[],
): Promise<{ code: number; out: string; error: string }> {
  const options = { args: [...args], env: { NO_COLOR: "1", PYTHONPATH: "" } };
  const { code, stdout, stderr } = await new Deno.Command(command, options).output();
  const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out: out!, error: error! };
}

const hasNumpy = await run(PYTHON, ["-c", "import numpy"]).then(({ code }) => code === 0, () => false);

/** A service that answers with frames made without a network; of `?cut` the end is missing. */
function serve(): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const type = request.headers.get("content-type") ?? "";
    const { searchParams } = new URL(request.url);
    const cut = searchParams.has("cut");
    searchParams.delete("cut");
    const { start, options } = await readForecast(await request.bytes(), type, searchParams, limits());
    const about = { model: "small", seed: 0, steps: options.steps, limits: limits() };
    const { body } = await answerOf(chooseAnswer(request), start!, following(start!, options.steps), about);
    if (!cut) return new Response(body as ReadableStream);
    const bytes = await new Response(body as ReadableStream).bytes();
    // Without its last record: two lengths and a header of 24 bytes.
    return new Response(bytes.slice(0, -32));
  });
}

async function check(command: string, args: readonly string[]): Promise<void> {
  await using server = serve();
  const folder = await Deno.makeTempDir();
  try {
    const start = small();
    await Deno.writeFile(`${folder}/start.npz`, toNpz(start));
    const url = `http://127.0.0.1:${server.addr.port}/v1/forecast`;
    const { code, out, error } = await run(command, [...args, `${url}?steps=3`, `${folder}/start.npz`]);
    assert.equal(code, 0, error);
    const wanted = await Array.fromAsync(following(start, 3));
    const lines = out.trim().split("\n").map((line) => line.split(" ").map(Number));
    assert.deepEqual(
      lines.map(([step, time, count]) => [step, time, count]),
      wanted.map(({ step, time }) => [step, time, 216]),
    );
    lines.forEach(([, , , first], i) => assert.equal(Math.fround(first!), wanted[i]!.values[0]![0]));
    const cut = await run(command, [...args, `${url}?steps=3&cut`, `${folder}/start.npz`]);
    assert.equal(cut.code, 1);
    assert.match(cut.error, /The forecast was cut off/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the client in TypeScript reads frames with nothing but the platform", async () => {
  const script = inRepository("examples/serve/read_frames.ts");
  await check(Deno.execPath(), ["run", "--no-check", "--allow-read", "--allow-net", "--no-config", script]);
});

Deno.test({
  name: hasNumpy
    ? "the client in Python reads frames with numpy"
    : "the client in Python reads frames with numpy (HUB_PYTHON names none that has it)",
  ignore: !hasNumpy,
  fn: () => check(PYTHON, [inRepository("examples/serve/read_frames.py")]),
});
