// The page command as a process.

import { main } from "../cli.ts";
import { page } from "./command.ts";

if (import.meta.main) Deno.exit(await main(page, "closing the server"));
