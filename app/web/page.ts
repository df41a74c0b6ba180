// The app command under the name it had.

import { main } from "../cli.ts";
import { page } from "./command.ts";

if (import.meta.main) Deno.exit(await main(page, "closing the server"));
