// Which calls a client makes, seen from beside it: Node tells of each request that leaves, whoever makes it.
import diagnostics from 'node:diagnostics_channel';

const { PHONE_NUMBER_ID, POOR_PHONE_NUMBER_ID, WABA_ID } = process.env;
const counts = new Map();

// Ids are named, so that calls of one kind are one line.
function kindOf(path) {
    return path
        .replace(/^\/v\d+(\.\d+)?(?=\/)/, '/{version}')
        .replace(/([?&][a-z_.]+)=[^&]*/gi, '$1')
        .replace(new RegExp(`/(${PHONE_NUMBER_ID}|${POOR_PHONE_NUMBER_ID})(?=[/?]|$)`), '/{phone_number_id}')
        .replace(new RegExp(`/${WABA_ID}(?=[/?]|$)`), '/{waba_id}')
        .replace(/\/media-content\/.*/, '/(the url of a file)')
        .replace(/\/\d+(?=[/?]|$)/, '/{id}');
}

function count(method, path) {
    const call = `${method} ${kindOf(path)}`;
    counts.set(call, (counts.get(call) ?? 0) + 1);
}

// Node tells of one with a body of pieces more than once.
const counted = new WeakSet();

function countOnce({ request }) {
    if (!counted.has(request))
        count(request.method, request.path);
    counted.add(request);
}

export function watchCalls() {
    diagnostics.channel('undici:request:create').subscribe(countOnce);
    diagnostics.channel('http.client.request.start').subscribe(countOnce);
}

export function figures(name) {
    const lines = [...counts].sort().map(([call, n]) => `| ${name} | \`${call}\` | ${n} |`);
    return lines.join('\n');
}
