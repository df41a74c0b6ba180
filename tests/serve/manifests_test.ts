// The manifest, the dashboard and the alerts beside the endpoint: what they name there is, and the tools of their trade
// accept them. KUBERNETES_VALIDATE names kubernetes-validate (PyPI), PROMTOOL Prometheus's own checker; without them the
// tests that need them are reported as ignored.

import assert from "node:assert/strict";
import { Metrics } from "../../app/serve/metrics.ts";
import { parseSettings } from "../../app/serve/settings.ts";
import { STATUS } from "../../lib/serve/refusal.ts";
import { parseYaml } from "../../lib/io/yaml.ts";
import { inRepository } from "../shared.ts";
import { stagesOf, texts } from "./dockerfile.ts";

const FOLDER = inRepository("examples/serve");
const read = (name: string) => Deno.readTextFileSync(`${FOLDER}/${name}`);

// deno-lint-ignore no-explicit-any -- what others define
type Plain = any;

/** Resources of the manifest by kind. */
function resources(): Record<string, Plain> {
  const all = read("kubernetes.yaml").split(/^---$/m).map((text) => parseYaml(text) as Plain);
  return Object.fromEntries(all.map((resource) => [resource.kind, resource]));
}

/** Names of all metrics that the endpoint has, with those that a histogram makes. */
async function metricNames(): Promise<Set<string>> {
  using metrics = new Metrics([], {});
  const { body } = await metrics.text({ running: 0, waiting: 0, models: {}, draining: false });
  const names = [...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)].flatMap(([, name, kind]) =>
    kind === "histogram" ? ["_bucket", "_sum", "_count"].map((end) => `${name}${end}`) : [name!]
  );
  return new Set(names);
}

async function run(command: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.ok(success, said);
  return said;
}

Deno.test("dashboard and alerts name metrics, labels and reasons that there are", async () => {
  const known = await metricNames();
  const alerts = parseYaml(read("alerts.yaml")) as Plain;
  const dashboard = JSON.parse(read("grafana.json"));
  const expressions: string[] = [
    ...alerts.groups[0].rules.map(({ expr }: Plain) => expr),
    ...dashboard.panels.flatMap(({ targets }: Plain) => targets.map(({ expr }: Plain) => expr)),
  ];
  assert.ok(expressions.length > 25);
  const used = new Set<string>();
  for (const expression of expressions) {
    for (const [name] of expression.matchAll(/\b(?:walrus|process)_\w+/g)) used.add(name);
    for (const [, list] of expression.matchAll(/reason=~?"([^"]+)"/g)) {
      for (const reason of list!.split("|")) assert.ok(reason in STATUS, reason);
    }
  }
  for (const name of used) assert.ok(known.has(name), `${name} is no metric`);
  const ids = dashboard.panels.map(({ id }: Plain) => id);
  assert.equal(new Set(ids).size, ids.length);
  const whole = new Set([...known].map((name) => name.replace(/_(?:bucket|sum|count)$/, "")));
  const shown = new Set([...used].map((name) => name.replace(/_(?:bucket|sum|count)$/, "")));
  assert.deepEqual([...whole].filter((name) => !shown.has(name)), [], "metrics that nothing shows");
});

Deno.test("every alert is explained in docs/serving.md", () => {
  const page = Deno.readTextFileSync(inRepository("docs/serving.md"));
  const alerts = parseYaml(read("alerts.yaml")) as Plain;
  for (const { alert, annotations } of alerts.groups[0].rules) {
    assert.ok(page.includes(`\`${alert}\``), alert);
    assert.ok(annotations.summary && annotations.description, alert);
  }
});

Deno.test("the manifest's configuration is one, and fits the pod it is for", () => {
  const { ConfigMap, Deployment } = resources();
  const settings = parseSettings(ConfigMap.data["serve.yaml"]);
  const { spec } = Deployment.spec.template;
  const [container] = spec.containers;
  assert.equal(container.ports[0].containerPort, settings.listen.port);
  assert.equal(settings.listen.host, "0.0.0.0");
  const pause = container.lifecycle.preStop.sleep.seconds;
  assert.ok(spec.terminationGracePeriodSeconds > settings.grace + pause + 2);
  const gib = (text: string) => Number(/^(\d+)Gi$/.exec(text)![1]) * 2 ** 30;
  assert.ok(gib(container.resources.limits.memory) > settings.limits.memory + settings.limits.held);
  for (const { checkpoint } of Object.values(settings.models)) Deno.statSync(inRepository(checkpoint));
  for (const { input } of Object.values(settings.data)) Deno.statSync(inRepository(input));
  const [, , last] = stagesOf(read("Dockerfile"));
  const [folder] = texts(last!, "WORKDIR");
  assert.equal(container.volumeMounts[0].mountPath, `${folder}/config`);
  assert.deepEqual(container.args, ["config/serve.yaml"]);
  const [uid] = texts(last!, "USER")[0]!.split(":").map(Number);
  assert.equal(spec.securityContext.runAsUser, uid);
});

Deno.test("the manifest's pods have no rights, probes of their own, and are not all ended at once", () => {
  const { Deployment, PodDisruptionBudget, Service } = resources();
  const { replicas, selector, template } = Deployment.spec;
  const [container] = template.spec.containers;
  assert.deepEqual(container.securityContext, {
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
  });
  assert.equal(template.spec.securityContext.runAsNonRoot, true);
  assert.equal(container.readinessProbe.httpGet.path, "/readyz");
  assert.equal(container.livenessProbe.httpGet.path, "/healthz");
  assert.ok(replicas > PodDisruptionBudget.spec.minAvailable);
  const labels = selector.matchLabels;
  assert.deepEqual(PodDisruptionBudget.spec.selector.matchLabels, labels);
  assert.deepEqual(Service.spec.selector, labels);
  assert.deepEqual(template.metadata.labels, labels);
});

const VALIDATE = Deno.env.get("KUBERNETES_VALIDATE");
Deno.test({
  name: "kubernetes-validate accepts the manifest, strictly",
  ignore: !VALIDATE,
  async fn() {
    const said = await run(VALIDATE!, "--strict", `${FOLDER}/kubernetes.yaml`);
    assert.equal(said.match(/passed for resource/g)?.length, Object.keys(resources()).length);
  },
});

const PROMTOOL = Deno.env.get("PROMTOOL");
Deno.test({
  name: "promtool accepts the alerts, which fire when they should and not before",
  ignore: !PROMTOOL,
  async fn() {
    assert.match(await run(PROMTOOL!, "check", "rules", `${FOLDER}/alerts.yaml`), /SUCCESS: \d+ rules found/);
    assert.match(await run(PROMTOOL!, "test", "rules", inRepository("tests/serve/alerts.yaml")), /SUCCESS/);
  },
});

Deno.test({
  name: "promtool accepts the metrics",
  ignore: !PROMTOOL,
  async fn() {
    using metrics = new Metrics(["small"], { waiting: 3 });
    metrics.request({
      id: "a",
      method: "POST",
      route: "/v1/forecast",
      status: 200,
      token: null,
      model: "small",
      reason: "busy",
      steps: 1,
      bytesIn: 1,
      bytesOut: 1,
      seconds: { read: 1 },
    });
    const { body } = await metrics.text({ running: 0, waiting: 0, models: { small: 1 }, draining: false });
    const child = new Deno.Command(PROMTOOL!, {
      args: ["check", "metrics"],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(body));
    await writer.close();
    const { code, stderr } = await child.output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
  },
});
