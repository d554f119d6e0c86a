// A proxy that validates: it passes requests on to a gateway, holds each and its answer against the description, and
// answers 502 with what differs. So a client sees at once what is not as it was told.
import http from 'node:http';
import { judge } from './description.mjs';

function read(stream) {
    return new Promise((resolve, reject) => {
        const chunks = [];
        stream.on('data', (chunk) => chunks.push(chunk)).on('end', () => resolve(Buffer.concat(chunks))).on('error', reject);
    });
}

function ask(target, request, body) {
    return new Promise((resolve, reject) => {
        const headers = { ...request.headers, host: target.host };
        http.request(target, { method: request.method, path: request.url, headers }, resolve).on('error', reject).end(body);
    });
}

// Listens on a port of its own; `differ` gets a line for each difference. Resolves to the server and its URL.
export function startProxy(target, description, differ) {
    const server = http.createServer(async (request, response) => {
        const body = await read(request);
        const answered = await ask(new URL(target), request, body);
        const answer = await read(answered);
        const { faults } = judge(description, {
            method: request.method, path: request.url, type: request.headers['content-type'],
            body: body.length ? body.toString() : undefined,
            status: answered.statusCode, answerType: answered.headers['content-type'], answer: answer.toString(),
        });
        for (const fault of faults) differ(`${request.method} ${request.url}: ${answered.statusCode}: ${fault}`);
        if (faults.length) response.writeHead(502, { 'content-type': 'text/plain' }).end(faults.join('\n'));
        else response.writeHead(answered.statusCode, answered.headers).end(answer);
    });
    return new Promise((resolve) => server.listen(0, '127.0.0.1', () =>
        resolve({ server, url: `http://127.0.0.1:${server.address().port}` })));
}
