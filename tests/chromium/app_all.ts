// All tests of the app, and of pages that commands write, as one module: it is built once, and its browsers are started once.

import "./hub_page.ts";
import "./viewer.ts";
import "./app_journey.ts";
import "./app_states.ts";
import "./app_finetune.ts";
import "./app_access.ts";
import "./app_offline.ts";
import "./app_device_lost.ts";
import "./app_tasks.ts";
import "./app_memory.ts";
import "./app_storage.ts";
import "./app_first_frame.ts";
import "./evaluation_report.ts";
import "./serve_page.ts";
import "../firefox/app.ts";
