// Requests as some program writes them, byte for byte, and the answers.
import http from 'node:http';

export const BOUNDARY = '----of-the-tests';

// A form of parts: { name: text } or { name: { file, type, name } }.
export function formOf(parts) {
    const pieces = Object.entries(parts).flatMap(([name, part]) => {
        const file = part.file
            ? `; filename="${part.name}"\r\nContent-Type: ${part.type}`
            : '';
        const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${file}\r\n\r\n`;
        return [head, part.file ?? part, '\r\n'];
    });
    return Buffer.concat([...pieces, `--${BOUNDARY}--\r\n`].map(piece => Buffer.from(piece)));
}

// The answer's status, headers, bytes, and JSON if it is some.
export function ask(method, url, headers = {}, body = undefined) {
    return new Promise((resolve, reject) => {
        const request = http.request(url, { method, headers, agent }, async response => {
            const bytes = Buffer.concat(await response.toArray());
            let json;
            try {
                json = JSON.parse(bytes);
            } catch {
                json = undefined;
            }
            resolve({ status: response.statusCode, headers: response.headers, bytes, json });
        });
        request.on('error', reject);
        request.end(body);
    });
}

const agent = new http.Agent({ keepAlive: true });
