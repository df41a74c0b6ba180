// The build command as a process.

import { main } from "../cli.ts";
import { build } from "./command.ts";

if (import.meta.main) Deno.exit(await main(build));
