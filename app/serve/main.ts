// The serve command as a process.

import { main } from "../cli.ts";
import { serve } from "./command.ts";

if (import.meta.main) Deno.exit(await main(serve, "answering what was accepted"));
