// Runs the steps of one client: node run.mjs kapso
// What it is to reach stands in its environment (world.mjs). It says what failed, what was sent of each type ("sent
// audio 2 contacts 1"), and with FIGURES=1 what the client has called. Ends with 0 if nothing failed.
import { watchCalls, figures } from './calls.mjs';
import { world, sentByType } from './world.mjs';

const name = process.argv[2];
watchCalls();
const { steps } = await import(`./${name}.mjs`);

const ENOUGH = 12; // one that fails may have waited for long

let failed = 0;
for (const [what, step] of steps(world)) {
    if (failed === ENOUGH)
        break;
    try {
        await step();
    } catch (error) {
        failed++;
        const why = error?.message ?? JSON.stringify(error);
        console.log(`failed: ${what}: ${why.replace(/\s+/g, ' ')}`);
        if (error?.raw ?? error?.response?.data)
            console.log(`    ${JSON.stringify(error.raw ?? error.response.data)}`);
    }
}
console.log(`sent ${sentByType()}`);
if (process.env.FIGURES)
    console.log(figures(name));
process.exit(failed > 0 ? 1 : 0);
