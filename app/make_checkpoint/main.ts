// The make-checkpoint command as a process.

import { main } from "../cli.ts";
import { makeCheckpoint } from "./command.ts";

if (import.meta.main) Deno.exit(await main(makeCheckpoint));
