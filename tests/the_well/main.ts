// Converts the samples of ../shared to The Well's files and lets The Well's own loader read them: what it gives must be
// what the sources hold. Python wants the packages the_well and h5py.
//
// usage: main.ts PYTHON [RECORD.json]

import { convert } from "../../app/convert/command.ts";
import { writeResults } from "../../bench/results.ts";
import { runCommand } from "../app/run_command.ts";
import { inRepository, shared } from "../shared.ts";

const [python, record] = Deno.args;
const [foreign, wells] = [shared("samples/foreign"), shared("samples/datasets")];
if (!python || !foreign || !wells) {
  console.error("usage: deno task test:the-well PYTHON [RECORD.json], with ../shared beside the checkout");
  Deno.exit(2);
}
const folder = await Deno.makeTempDir();
try {
  for (const source of [foreign, wells]) {
    for (const { name } of Deno.readDirSync(source)) {
      const args = [`${source}/${name}`, "--out", folder, "--name", name.replace(/\.\w+$/, "")];
      const { code, err } = await runCommand(convert, args);
      if (code !== 0) throw new Error(err);
    }
  }
  const script = inRepository("tests/the_well/read.py");
  const { code, stdout } = await new Deno.Command(python, {
    args: [script, foreign, wells, folder],
    stderr: "inherit",
  }).output();
  if (code !== 0) Deno.exit(code);
  const report = JSON.parse(new TextDecoder().decode(stdout));
  console.log(JSON.stringify(report, null, 2));
  if (record) await writeResults(record, report);
  if (!report.allEqual) Deno.exit(1);
} finally {
  await Deno.remove(folder, { recursive: true });
}
