// A tenant's program against a gateway, through the proxy that validates:
//
//     node try.mjs GATEWAY_URL KEY FOLDER
//
// Makes the types of its client from the gateway's own description, compiles it strictly in FOLDER, and runs it. Exit
// status 1, with what is wrong, if it does not compile, something fails, or an answer differs from the description.
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import openapiTS, { astToString } from 'openapi-typescript';
import ts from 'typescript';
import { Description } from './description.mjs';
import { startProxy } from './proxy.mjs';

const [gateway, key, folder] = process.argv.slice(2);
const here = path.dirname(fileURLToPath(import.meta.url));

async function makeTypes(document) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'tollgate.d.ts'), astToString(await openapiTS(document)));
    writeFileSync(path.join(folder, 'package.json'), '{"type": "module"}');
    for (const file of ['client.ts', 'tenant.ts']) copyFileSync(path.join(here, file), path.join(folder, file));
    symlinkSync(path.join(here, 'node_modules'), path.join(folder, 'node_modules'));
}

function compile() {
    const program = ts.createProgram([path.join(folder, 'tenant.ts')], {
        strict: true, exactOptionalPropertyTypes: false, noUncheckedIndexedAccess: true, noUnusedLocals: true,
        target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext,
        lib: ['lib.es2022.d.ts'], types: ['node'], typeRoots: [path.join(here, 'node_modules', '@types')], skipLibCheck: true, outDir: folder,
    });
    const wrong = [...ts.getPreEmitDiagnostics(program), ...program.emit().diagnostics];
    if (wrong.length === 0) return true;
    console.error(ts.formatDiagnostics(wrong, {
        getCurrentDirectory: () => folder, getCanonicalFileName: (name) => name, getNewLine: () => '\n',
    }));
    return false;
}

const document = await (await fetch(`${gateway}/openapi.json`)).json();
await makeTypes(document);
if (!compile()) process.exit(1);
const differences = [];
const proxy = await startProxy(gateway, new Description(document), (line) => differences.push(line));
const { run } = await import(pathToFileURL(path.join(folder, 'tenant.js')).href);
try {
    await run(proxy.url, key);
} catch (error) {
    console.error(error);
    process.exitCode = 1;
}
for (const line of differences) console.error(line);
if (differences.length) process.exitCode = 1;
proxy.server.close();
proxy.server.closeAllConnections();
