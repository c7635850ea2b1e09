import { WorkflowEntrypoint, type WorkflowEvent, type WorkflowStep } from "cloudflare:workers";
import { createCollector, ndjson } from "tidegate";
import { instrument, instrumentEntrypoint } from "tidegate/workers";

interface Env {
  EVENTS_URL: string;
  NIGHTLY: Workflow;
}
const tide = createCollector((env: Env) => ({ sinks: [ndjson({ url: env.EVENTS_URL })] }));

class Cleaning extends WorkflowEntrypoint<Env> {
  override async run(event: WorkflowEvent<unknown>, step: WorkflowStep) {
    const scope = tide.scope(event);
    await step.do("clean up", () => scope.time("clean up", () => scheduler.wait(10)));
  }
}
export const Nightly = instrumentEntrypoint(tide, Cleaning);

export default instrument(tide, {
  fetch: async (_request, env) => Response.json({ id: (await env.NIGHTLY.create()).id }),
} satisfies ExportedHandler<Env>);
