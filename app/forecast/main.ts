// The forecast command as a process.

import { main } from "../cli.ts";
import { forecast } from "./command.ts";

if (import.meta.main) Deno.exit(await main(forecast, "removing unfinished files"));
