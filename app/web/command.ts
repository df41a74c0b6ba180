// The app command: serves the web app until it is interrupted, or writes it for any static host.

import { command, EXIT, wholeNumber } from "../cli.ts";
import { bytes } from "../words.ts";
import { type AppFiles, buildApp } from "./build.ts";
import { serveApp } from "./serve.ts";

/** Options of the command. */
interface WebOptions {
  readonly port: number;
  readonly out: string | undefined;
}

async function write(files: AppFiles, folder: string): Promise<number> {
  let sum = 0;
  for (const [path, content] of files) {
    const target = `${folder}/${path}`;
    await Deno.mkdir(target.replace(/\/[^/]*$/, ""), { recursive: true });
    await Deno.writeFile(target, content);
    sum += content.length;
  }
  return sum;
}

/** The app command, under one of its names. */
function named(name: string, note: string | null) {
  return command<WebOptions>({
    name,
    description: "Serves the app: forecasts, compares and finetunes in a browser tab.",
    declare: (reader) => {
      reader
        .option(
          "--port <number>",
          "port on this machine; 0: any that is free",
          wholeNumber(0, 65535),
          8000,
        )
        .option("--out <dir>", "writes the app there for any static host, and ends");
    },
    async run({ port, out }, { print, warn, signal }) {
      if (note) warn(note);
      if (out !== undefined) {
        const files = await buildApp();
        print(`${out}: ${files.size} files, ${bytes(await write(files, out))}`);
        return EXIT.done;
      }
      const server = await serveApp(port, { signal });
      print(`http://127.0.0.1:${server.addr.port}/ is the app; Ctrl-C ends`);
      await server.finished;
      return EXIT.interrupted;
    },
  });
}

/** The app command. */
export const app = named("app", null);
/** The name it had. */
export const page = named("page", "`page` is now `app`: deno task app");
