// The app command as a process.

import { main } from "../cli.ts";
import { app } from "./command.ts";

if (import.meta.main) Deno.exit(await main(app, "closing the server"));
