// An S3-compatible bucket for tests: PUT, GET and DELETE of objects, path style, each with AWS Signature Version 4
// (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html), which it checks by itself, byte
// by byte. Objects are files of a folder.
//
//     node bucket.mjs FOLDER PORT BUCKET REGION KEY-ID SECRET
//
// GET /_/log tells of each request its method, path and status, a line each; PUT /_/down with "1" has all that follow
// answered 503, with "0" not; with "cut" GETs break off in the middle.
import {createHash, createHmac, timingSafeEqual} from 'node:crypto';
import {createReadStream, createWriteStream, existsSync, mkdirSync, renameSync, rmSync, statSync} from 'node:fs';
import {createServer} from 'node:http';
import {dirname, join} from 'node:path';

const [folder, port, bucket, region, keyId, secret] = process.argv.slice(2);
const log = [];
let trouble = '0';

const sha256 = text => createHash('sha256').update(text).digest('hex');
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();

// Why the signature is not right; undefined: it is.
function wrong(request, path) {
    const parts = /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/
        .exec(request.headers.authorization ?? '');
    if (!parts) return `no signature: ${request.headers.authorization}`;
    const [, id, day, where, names, signature] = parts;
    const date = request.headers['x-amz-date'] ?? '';
    const age = Date.now() - Date.parse(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
    if (id !== keyId || where !== region || !date.startsWith(day) || !(Math.abs(age) < 900e3)) return 'another key, region or time';
    const signed = names.split(';');
    for (const name of ['host', 'x-amz-date', 'x-amz-content-sha256'])
        if (!signed.includes(name)) return `${name} is not signed`;
    for (const name of signed)
        if (!(name in request.headers)) return `${name} is signed and not there`;
    if (signed.join() !== [...signed].sort().join()) return 'headers are not in order';
    const headers = signed.map(name => `${name}:${(request.headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`).join('');
    const sum = request.headers['x-amz-content-sha256'];
    const canonical = [request.method, path, '', headers, names, sum].join('\n');
    const toSign = ['AWS4-HMAC-SHA256', date, `${day}/${region}/s3/aws4_request`, sha256(canonical)].join('\n');
    const key = ['s3', 'aws4_request'].reduce(hmac, hmac(hmac(`AWS4${secret}`, day), region));
    return timingSafeEqual(hmac(key, toSign), Buffer.from(signature, 'hex')) ? undefined : 'another signature';
}

function put(request, file, end) {
    mkdirSync(dirname(file), {recursive: true});
    const sum = createHash('sha256');
    const length = Number(request.headers['content-length']);
    const out = createWriteStream(`${file}.part`);
    let size = 0;
    if (!(length >= 0)) return end(411, 'MissingContentLength');
    request.on('data', bytes => { sum.update(bytes); size += bytes.length; });
    request.pipe(out).on('finish', () => {
        const right = size === length && sum.digest('hex') === request.headers['x-amz-content-sha256'];
        if (right) renameSync(`${file}.part`, file);
        end(right ? 200 : 400, right ? '' : 'XAmzContentSHA256Mismatch');
    });
}

createServer((request, response) => {
    const path = request.url;
    const end = (status, code) => {
        log.push(`${request.method} ${path} ${status} ${code}`);
        response.writeHead(status, {'content-type': 'application/xml'});
        response.end(code ? `<Error><Code>${code}</Code></Error>` : '');
    };
    if (path === '/_/log') return response.end(log.join('\n'));
    if (path === '/_/down') return request.on('data', text => { trouble = `${text}`; }).on('end', () => response.end());
    const refused = wrong(request, path);
    if (trouble === '1') return end(503, 'SlowDown');
    if (refused) return end(403, `SignatureDoesNotMatch: ${refused}`);
    if (!path.startsWith(`/${bucket}/`) || path.includes('..')) return end(404, 'NoSuchBucket');
    const file = join(folder, path);
    if (request.method === 'PUT') return put(request, file, end);
    if (request.method === 'DELETE') {
        rmSync(file, {force: true});
        response.writeHead(204);
        response.end();
        return log.push(`DELETE ${path} 204`);
    }
    if (request.method !== 'GET' || !existsSync(file)) return end(404, 'NoSuchKey');
    const size = statSync(file).size;
    response.writeHead(200, {'content-type': 'binary/octet-stream', 'content-length': size});
    log.push(`GET ${path} 200`);
    createReadStream(file, trouble === 'cut' ? {end: Math.floor(size / 2)} : {})
        .on('end', () => trouble === 'cut' && response.destroy()).pipe(response);
}).listen(Number(port), '127.0.0.1', () => console.log('listening'));
