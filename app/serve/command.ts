// The serve command: forecasts over HTTP until it is asked to end.

import { InvalidArgumentError } from "commander";
import { command, EXIT, wholeNumber } from "../cli.ts";
import { host } from "./host.ts";
import { missingFiles } from "./served.ts";
import { parseSettings, type ServeSettings, writeSettings } from "./settings.ts";

/** Options of the command. */
interface ServeOptions {
  readonly check?: boolean;
  readonly host?: string;
  readonly port?: number;
  readonly upstream?: string;
}

function url(text: string): string {
  if (/^https?:$/.test(URL.parse(text)?.protocol ?? "")) return text;
  throw new InvalidArgumentError("wanted an http or https URL");
}

/** What options say in place of the file. */
function withOptions(
  yaml: string | undefined,
  file: string | undefined,
  options: ServeOptions,
): ServeSettings {
  const settings = parseSettings(yaml, file);
  const { host, port, upstream } = options;
  const listen = {
    ...settings.listen,
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
  };
  if (upstream === undefined) return { ...settings, listen };
  // By the file's own rules, and with its own defaults.
  const { upstream: given } = parseSettings(
    JSON.stringify({ upstream: { ...settings.upstream, url: upstream } }),
  );
  return { ...settings, listen, upstream: given };
}

/** The serve command. */
export const serve = command<ServeOptions>({
  name: "serve",
  description: "Serves forecasts over HTTP: the shipped model and data, or what a configuration names.",
  declare: (reader) => {
    reader
      .argument("[config]", "YAML file (docs/serving.md)")
      .option("--check", "prints the complete configuration, checks that its files are there, and ends")
      .option("--host <name>", "address to listen at (default: 127.0.0.1)")
      .option(
        "--port <number>",
        "port to listen at; 0: any that is free (default: 8080)",
        wholeNumber(0, 65535),
      )
      .option("--upstream <url>", "another endpoint, which forecasts with models that are not here", url);
  },
  async run(options, context, [file]) {
    const yaml = file === undefined ? undefined : await Deno.readTextFile(file);
    const settings = withOptions(yaml, file, options);
    const missing = await missingFiles(settings);
    if (options.check) context.print(writeSettings(settings).trimEnd());
    if (missing.length > 0) {
      const where = file === undefined ? "the shipped configuration" : `"${file}"`;
      throw new RangeError(`Cannot serve ${where}: ${missing.join("; ")}`);
    }
    if (options.check) return EXIT.done;
    const { clean } = await host(settings, context);
    return clean ? EXIT.done : EXIT.failed;
  },
});
