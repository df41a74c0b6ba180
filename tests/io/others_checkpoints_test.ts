// Checkpoints as others save them: prefixes, wrappers, objects beside, bits, shards. Each is read to the right values, or
// refused with what would be.

import assert from "node:assert/strict";
import { openCheckpoint } from "../../lib/io/checkpoint.ts";
import type { Checkpoint } from "../../lib/io/stored_tensor.ts";
import { fixture } from "../shared.ts";

/** What every file of fixtures/checkpoints holds. */
const WEIGHTS: Readonly<Record<string, { shape: number[]; values: number[] }>> = {
  "a.weight": { shape: [4, 6], values: Array.from({ length: 24 }, (_, i) => i / 2) },
  "a.bias": { shape: [6], values: [-3, -2, -1, 0, 1, 2] },
  "b.scale": { shape: [1], values: [7] },
};

/** Files that hold them, and what is said about each. */
const READ: Readonly<Record<string, readonly RegExp[]>> = {
  "nested_prefix.pt": [/begin with "module._orig_mod."/],
  "inner_prefix.pt": [/parts of names that wrappers add/],
  "state_dict.pt": [/those at "state_dict"/, /begin with "model."/],
  "wrappers.pt": [/those at "model.state_dict"/],
  "ema.pt": [/those at "ema"/],
  "model_and_ema.pt": [/those at "model_state_dict"/, /other tensors at "ema"/],
  "averaged.pt": [/those at "state_dict"/, /begin with "module."/, /left out: "n_averaged"/],
  "beside.pt": [/those at "model"/],
  "protocol5.pt": [/those at "model"/],
  "parameters.pt": [],
  "attribute.pt": [],
  "extra_state.pt": [],
  "legacy.pt": [],
  "negative.pt": [],
  "negative_half.pt": [],
  "negative_imaginary.pt": [],
  "dcp_rows": [/begin with "app.model.module."/, /left out: "app.optim.state.module.a.weight.exp_avg"/],
  "dcp_rows/.metadata": [/begin with "app.model.module."/, /left out/],
  "dcp_boxes": [/begin with "model."/],
  "dcp_columns_bf16": [],
};

async function checkWeights(checkpoint: Checkpoint): Promise<void> {
  assert.deepEqual([...checkpoint.tensors.keys()].sort(), Object.keys(WEIGHTS).sort());
  for (const [name, { shape, values }] of Object.entries(WEIGHTS)) {
    const tensor = checkpoint.tensors.get(name)!;
    assert.deepEqual(tensor.shape, shape, name);
    assert.deepEqual([...await tensor.read()].map((value) => value + 0), values, name);
    // Every range, which may cross pieces.
    for (let from = 0; from < values.length; from++) {
      for (let to = from; to <= values.length; to += 1 + from % 3) {
        const part = [...await tensor.read(from, to)].map((value) => value + 0);
        assert.deepEqual(part, values.slice(from, to), `${name} from ${from} to ${to}`);
      }
    }
    if (tensor.readBits) {
      const sign = Array.from(await tensor.readBits(), (bits) => bits >> 15);
      assert.deepEqual(sign, values.map((value, i) => value < 0 ? 1 : value > 0 ? 0 : sign[i]), name);
    }
  }
}

for (const [file, words] of Object.entries(READ)) {
  Deno.test(`openCheckpoint() reads ${file}`, async () => {
    using checkpoint = await openCheckpoint(fixture(`checkpoints/${file}`));
    await checkWeights(checkpoint);
    assert.equal(checkpoint.notes.length, words.length, checkpoint.notes.join("; "));
    words.forEach((pattern, i) => assert.match(checkpoint.notes[i]!, pattern));
  });
}

Deno.test("openCheckpoint() names tensors that are not read", async () => {
  const kinds: [string, RegExp][] = [
    ["sparse", /_rebuild_sparse_tensor/],
    ["complex", /a tensor of type ComplexFloatStorage/],
    ["conjugate", /a tensor with the bit "conj"/],
    ["numpy", /an object "numpy.*_reconstruct"/],
    ["quantized", /_rebuild_qtensor/],
    ["float8", /a tensor of type float8_e4m3fn/],
  ];
  for (const [kind, words] of kinds) {
    using checkpoint = await openCheckpoint(fixture(`checkpoints/unread_${kind}.pt`));
    assert.equal(checkpoint.tensors.size, 2);
    assert.match(checkpoint.unread.get("a.weight")!, words);
  }
});

Deno.test("openCheckpoint() says where weights lie that it does not take, and what would be taken", async () => {
  const refused: [string, RegExp][] = [
    [
      "whole_module.pt",
      /a whole object "torch.nn.modules.linear.Linear", wanted the tensors of its state_dict\(\)/,
    ],
    ["other_place.pt", /its tensors lie at "nets.best", wanted a dictionary of tensors at app.model, model/],
    ["dtensor.pt", /"module.a.weight" is an object "torch.*DTensor", wanted whole tensors/],
    ["dcp_rows/__0_0.distcp", /a part of a distributed checkpoint, wanted the folder/],
  ];
  for (const [file, words] of refused) {
    await assert.rejects(openCheckpoint(fixture(`checkpoints/${file}`)), (error: Error) => {
      assert.ok(error instanceof SyntaxError);
      assert.match(error.message, words);
      return true;
    });
  }
  await assert.rejects(
    openCheckpoint(fixture("checkpoints")),
    /it is a folder, wanted a checkpoint, for instance "/,
  );
  await assert.rejects(
    openCheckpoint(fixture("yaml")),
    /it is a folder, wanted a checkpoint, and there is none/,
  );
});

Deno.test("the cases that others met hold the reference's weights", async () => {
  using golden = await openCheckpoint(fixture("golden/checkpoints/walrus.safetensors"));
  const cases = ["prefix_module.pt", "wrapped_model.pt", "numpy_scalar_beside.pt", "odd_types_beside.pt"];
  for (const name of [...cases, "negative_bit.pt", "distcp", "distcp/"]) {
    using checkpoint = await openCheckpoint(fixture(`cases/${name}`));
    assert.deepEqual([...checkpoint.tensors.keys()].sort(), [...golden.tensors.keys()].sort(), name);
    for (const [key, tensor] of golden.tensors) {
      assert.deepEqual(await checkpoint.tensors.get(key)!.read(), await tensor.read(), `${name}: ${key}`);
    }
  }
});

/** A server of the fixtures that answers ranges and counts what it sends. */
function serve(): { url: string; sent: Map<string, number>; close: () => Promise<void> } {
  const sent = new Map<string, number>();
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
    const path = new URL(request.url).pathname.slice(1);
    const bytes = await Deno.readFile(fixture(`checkpoints/${path}`)).catch(() => null);
    if (!bytes) return new Response(null, { status: 404 });
    const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.get("range") ?? "")!.map(Number);
    const part = bytes.slice(from, to! + 1);
    sent.set(path, (sent.get(path) ?? 0) + part.length);
    const range = `bytes ${from}-${from! + part.length - 1}/${bytes.length}`;
    return new Response(part, { status: 206, headers: { "content-range": range } });
  });
  return { url: `http://127.0.0.1:${server.addr.port}`, sent, close: () => server.shutdown() };
}

Deno.test("openCheckpoint() reads distributed checkpoints from a server: its folder or its description", async () => {
  const server = serve();
  try {
    for (const address of [`${server.url}/dcp_boxes/`, `${server.url}/dcp_boxes/.metadata`]) {
      using checkpoint = await openCheckpoint(address);
      await checkWeights(checkpoint);
    }
    await assert.rejects(openCheckpoint(`${server.url}/none/`), /wanted a checkpoint: .*answered 404/);
  } finally {
    await server.close();
  }
});

/** A copy of a distributed checkpoint in which bytes of the description are others. */
async function changed(from: string, to: string, test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const { name } of Deno.readDirSync(fixture("checkpoints/dcp_boxes"))) {
      await Deno.copyFile(fixture(`checkpoints/dcp_boxes/${name}`), `${folder}/${name}`);
    }
    const read = await Deno.readFile(`${folder}/.metadata`);
    const text = Array.from(read, (byte) => String.fromCharCode(byte)).join("");
    assert.ok(text.includes(from), from);
    const bytes = Uint8Array.from(text.replaceAll(from, to), (letter) => letter.charCodeAt(0));
    await Deno.writeFile(`${folder}/.metadata`, bytes);
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("openCheckpoint() refuses distributed checkpoints that leave their folder or lie about pieces", async () => {
  await changed(
    "__1_0.distcp",
    "../_0.distcp",
    (folder) =>
      assert.rejects(
        openCheckpoint(folder),
        /lies in "..\/_0.distcp", wanted the name of a file of the folder/,
      ),
  );
  await changed(
    "__1_0.distcp",
    "__9_0.distcp",
    (folder) => assert.rejects(openCheckpoint(folder), /__9_0.distcp": there is no such file/),
  );
  // Sizes of a tensor, which its pieces no longer cover: K\x04 K\x06 is the tuple (4, 6).
  await changed(
    "K\x04K\x06\x86",
    "K\x05K\x06\x86",
    (folder) =>
      assert.rejects(
        openCheckpoint(folder),
        /"model.a.weight": its pieces have 24 elements, its shape \[5,6\] 30/,
      ),
  );
  await changed("a.weight", "a.wider!", async (folder) => {
    using checkpoint = await openCheckpoint(folder);
    assert.ok(checkpoint.tensors.has("a.wider!"));
  });
});

Deno.test("a piece that is not what the description says is refused when it is read", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const { name } of Deno.readDirSync(fixture("checkpoints/dcp_boxes"))) {
      await Deno.copyFile(fixture(`checkpoints/dcp_boxes/${name}`), `${folder}/${name}`);
    }
    // Of another type, or cut off.
    await Deno.copyFile(fixture("checkpoints/dcp_columns_bf16/__0_0.distcp"), `${folder}/__0_0.distcp`);
    await Deno.truncate(`${folder}/__3_0.distcp`, 100);
    using checkpoint = await openCheckpoint(folder);
    const weight = checkpoint.tensors.get("a.weight")!;
    await assert.rejects(weight.read(0, 1), /__0_0.distcp/);
    await assert.rejects(weight.read(23, 24), /bytes at \d+ of ".*__3_0.distcp" are claimed, it has 100/);
    // Pieces in other files are read all the same.
    assert.deepEqual([...await weight.read(3, 6)], [1.5, 2, 2.5]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
