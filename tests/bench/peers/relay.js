// Orgs that have calls relayed, again and again:  node relay.js KIND SECONDS CLIENTS BYTES
//
//   slow       clients of all orgs ask for fields of their numbers, of a Meta that does not answer
//   calls      the same, of one that does, as fast as it goes
//   uploads    each client uploads a file of so many bytes
//   downloads  each client downloads one that it has uploaded before
//
// CLIENTS is how many at once, of orgs 21 and on (load-key-21), which take turns. Prints how often it was answered
// what, and how many bytes a second passed.
const http = require('http');

const [kind, seconds, clients, bytes] = [process.argv[2], ...process.argv.slice(3).map(Number)];
const ORGS = 40;
const until = Date.now() + seconds * 1000;
const agent = new http.Agent({ keepAlive: true, maxSockets: clients });
const chunk = Buffer.alloc(64 * 1024, 'x');
const counts = {};
let passed = 0;

// A file of so many bytes behind `head`, never whole in memory.
function send(request, head, tail) {
  let left = bytes;
  const go = () => {
    while (left > 0) {
      const part = left < chunk.length ? chunk.subarray(0, left) : chunk;
      left -= part.length;
      if (!request.write(part)) return request.once('drain', go);
    }
    return request.end(tail);
  };
  request.write(head);
  go();
}

// The status, and the answer's text unless it is a file.
function ask(method, path, key, upload) {
  return new Promise((resolve) => {
    const headers = { Authorization: `Bearer ${key}`, ...(upload ? upload.headers : {}) };
    const request = http.request(process.env.TOLLGATE_URL + path, { method, headers, agent }, (response) => {
      const texts = [];
      response.on('data', (data) => {
        passed += data.length;
        if (data.length < 4096) texts.push(data);
      });
      response.on('end', () => resolve([response.statusCode, Buffer.concat(texts).toString()]));
      response.on('error', () => resolve(['reset', '']));
    });
    request.on('error', () => resolve(['reset', '']));
    if (upload) send(request, upload.head, upload.tail);
    else request.end();
  });
}

function form() {
  const part = (name, more, value) => `--file-of-the-benchmark\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}`;
  const head = part('messaging_product', '', 'whatsapp\r\n') + part('type', '', 'application/pdf\r\n') +
    part('file', '; filename="f"\r\nContent-Type: application/pdf', '');
  const tail = '\r\n--file-of-the-benchmark--\r\n';
  return { head, tail, headers: { 'Content-Type': 'multipart/form-data; boundary=file-of-the-benchmark', 'Content-Length': head.length + bytes + tail.length } };
}

function count(status) {
  counts[status] = (counts[status] || 0) + 1;
}

const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

async function client(n) {
  const org = 21 + n % ORGS;
  const number = 100000 + org;
  const key = `load-key-${org}`;
  let path = `/v23.0/${number}`;
  if (kind === 'downloads') {
    const [, text] = await ask('POST', `${path}/media`, key, form());
    path = `/v23.0/media-content/${number}/${JSON.parse(text).id}`;
  }
  while (Date.now() < until) {
    const [status] = kind === 'uploads' ? await ask('POST', `${path}/media`, key, form()) : await ask('GET', path, key);
    count(status);
    if (status === 200 && kind === 'uploads') passed += bytes;
    if (status !== 200) await pause(200); // who is refused does not come back at once
  }
}

const began = Date.now();
Promise.all(Array.from({ length: clients }, (_, n) => client(n))).then(() => {
  const rate = passed / 1e6 / ((Date.now() - began) / 1000);
  console.log(`${kind}: ${JSON.stringify(counts)}, ${rate.toFixed(0)} MB/s`);
  process.exit();
});
process.on('SIGTERM', () => {
  console.log(`${kind}: ${JSON.stringify(counts)}, ${(passed / 1e6 / ((Date.now() - began) / 1000)).toFixed(0)} MB/s`);
  process.exit();
});
