// Holds what the whole-daemon tests have asked and heard (tests/system/traffic.h) against the descriptions that an
// ingress gives of itself, and the examples of these against their schemas.
//
//     node judge.mjs PUBLIC.json ADMIN.json TRAFFIC...
//
// Each TRAFFIC is a folder of JSON lines. Prints what differs, once each with how often, and which operations nobody has
// seen answered well. Exit status 1 if anything differs.
import { readFileSync, readdirSync } from 'node:fs';
import { Description, judge } from './description.mjs';

const [publicFile, adminFile, ...folders] = process.argv.slice(2);
const read = (file) => new Description(JSON.parse(readFileSync(file, 'utf8')));
const descriptions = { public: read(publicFile), admin: read(adminFile) };
const differences = new Map();
const seen = new Set();
let exchanges = 0;

function differ(what, sample) {
    const known = differences.get(what) ?? { times: 0, sample };
    known.times++;
    differences.set(what, known);
}

function judgeExamples(name, description) {
    for (const [schema, text] of Object.entries(description.document.components.schemas))
        for (const example of text.examples ?? [])
            for (const fault of description.faults('answers', `#/components/schemas/${schema}`, example))
                differ(`${name}: the example of ${schema}: ${fault}`, JSON.stringify(example));
    for (const one of description.operations) {
        const body = one.operation.requestBody?.content?.['application/json']?.schema;
        for (const example of body?.examples ?? []) {
            const place = `${one.place}/requestBody/content/application~1json/schema`;
            for (const fault of description.faults('requests', place, example))
                differ(`${one.method} ${one.path}: the example of its body: ${fault}`, JSON.stringify(example));
        }
    }
}

function judgeLine(listeners, line) {
    if (line.public) {
        listeners.set(line.public, 'public').set(line.admin, 'admin');
        return;
    }
    const listener = listeners.get(line.url);
    if (!listener) return;
    exchanges++;
    line.answerType = /^content-type: *([^\r\n]*)/im.exec(line.answer_headers)?.[1];
    const { one, faults } = judge(descriptions[listener], line);
    const name = one ? `${one.method} ${one.path}` : `${line.method} ${line.path.split('?')[0]}`;
    if (one && line.status < 300) seen.add(`${listener} ${name}`);
    for (const fault of faults)
        differ(`${name}: ${line.status}: ${fault}`.slice(0, 300),
            `${line.method} ${line.path} ${line.body ?? ''}\n        ${line.answer ?? ''}`.slice(0, 1200));
}

function judgeFile(path) {
    const listeners = new Map();
    for (const text of readFileSync(path, 'utf8').split('\n')) {
        if (!text) continue;
        let line;
        try {
            line = JSON.parse(text);
        } catch {
            continue; // the last one, of a test that was ended
        }
        judgeLine(listeners, line);
    }
}

for (const [name, description] of Object.entries(descriptions)) judgeExamples(name, description);
for (const folder of folders) for (const file of readdirSync(folder)) judgeFile(`${folder}/${file}`);

for (const [what, { times, sample }] of differences) console.log(`${what} (${times} times)\n        ${sample}`);
const operations = Object.entries(descriptions).flatMap(([listener, description]) =>
    [...new Set(description.operations.map((one) => `${listener} ${one.method} ${one.path}`))]);
const unseen = operations.filter((name) => !seen.has(name));
console.log(`${exchanges} exchanges, ${differences.size} differences; ` +
    `${operations.length - unseen.length} of ${operations.length} operations answered well`);
if (process.env.JUDGE_ALL && unseen.length) console.log(`not seen answered well: ${unseen.join(', ')}`);
process.exitCode = differences.size ? 1 : 0;
