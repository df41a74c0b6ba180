// The page command: serves the finetuning page until it is interrupted.

import { command, EXIT, wholeNumber } from "../cli.ts";
import { servePage } from "./serve.ts";

/** The page command. */
export const page = command<{ readonly port: number }>({
  name: "page",
  description: "Serves a page that finetunes a Walrus model in a browser tab.",
  declare: (reader) => {
    reader.option(
      "--port <number>",
      "port on this machine; 0: any that is free",
      wholeNumber(0, 65535),
      8000,
    );
  },
  async run({ port }, { print, signal }) {
    const server = await servePage(port, signal);
    print(
      `http://127.0.0.1:${server.addr.port}/ finetunes the shipped model on the file you drop; Ctrl-C ends`,
    );
    await server.finished;
    return EXIT.interrupted;
  },
});
