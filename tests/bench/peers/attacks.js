// What enemies do, and greedy or unlucky tenants, each until it is told to stop (its parent goes, or SIGTERM).
// Started by enemies.js with the attack's name; says "ready" to it once it is under way.
const { spawn } = require('child_process');
const net = require('net');
const { ask, as, sign, postWebhook } = require('./neighbours');

const url = new URL(process.env.TOLLGATE_URL || 'http://127.0.0.1'); // none where only the cases are asked for
const ENEMY = 'load-key-9'; // its number: 100009
const MiB = 1024 * 1024;
const kept = new Set();

// connect(FIRST): resolves once it stands (or was refused); writes FIRST. No answer is read if `deaf`.
function connect(first, { deaf = false, ended = () => {} } = {}) {
  return new Promise((resolve) => {
    const socket = net.connect({ host: url.hostname, port: url.port });
    kept.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => { kept.delete(socket); resolve(null); ended(); });
    socket.on('connect', () => { if (first) socket.write(first); resolve(socket); });
    if (deaf) socket.pause(); else socket.resume();
  });
}

// As many connections, so many at a time; one that is closed comes again after a second.
async function hold(count, first, options = {}) {
  const again = { ...options, ended: () => setTimeout(() => connect(first, again), 1000) };
  for (let i = 0; i < count; i += 100)
    await Promise.all(Array.from({ length: Math.min(100, count - i) }, () => connect(first, again)));
}

const every = (ms, what) => setInterval(what, ms);

function drip(ms) {
  every(ms, () => { for (const socket of kept) if (socket.writable && !socket.connecting) socket.write('a'); });
}

// flood(PATH, CONNECTIONS, SETTINGS of flood.lua): for half a minute at the most.
function flood(path, connections, settings) {
  const wrk = spawn('setpriv', ['--pdeathsig', 'TERM', 'wrk', '--threads', '1', '--connections', connections, '--duration', '30',
    '--script', `${__dirname}/flood.lua`, process.env.TOLLGATE_URL + path].map(String), { env: { ...process.env, ...settings }, stdio: 'ignore' });
  process.on('exit', () => wrk.kill());
}

// send(KEY, BODY, HEADERS) as bytes, for a connection of our own.
const send = (key, body, headers = '') => `POST /api/send-message HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

const text = (n, more = {}) => JSON.stringify({ phone: `9194${String(n).padStart(8, '0')}`, message: 'x', ...more });

// A send of some 240 kB that is as good as any.
const large = (n) => JSON.stringify({ payload: { messaging_product: 'whatsapp', recipient_type: 'individual', to: `9195${String(n).padStart(8, '0')}`,
  type: 'template', template: { name: 'many', language: { code: 'en' }, components: [{ type: 'body', parameters: Array.from({ length: 240 }, () => ({ type: 'text', text: 'x'.repeat(960) })) }] } } });

const webhook = (head, list, size, tail) => {
  const body = head + list + ' '.repeat(Math.max(0, size - head.length - list.length - tail.length)) + tail;
  return postWebhook(body);
};

const attacks = {
  nothing: async () => {},

  // Any signature: that it is wrong shows at the end.
  async halfBodies() {
    const size = 3 * MiB;
    const head = `POST /webhook HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: sha256=${'0'.repeat(64)}\r\nContent-Length: ${size}\r\n\r\n`;
    await hold(85, Buffer.concat([Buffer.from(head), Buffer.alloc(size - 5000, 'a')]));
    await hold(1, Buffer.concat([Buffer.from(head), Buffer.alloc(256 * MiB - 85 * (size - 5000) - 4, 'a')]));
  },

  idle1100: () => hold(1100),
  idle4200: () => hold(4200),
  async dripping() {
    await hold(4095, 'GET /api/wallet HTTP/1.1\r\nHost: x\r\nX-More: ');
    drip(4000);
  },

  async burst() {
    await Promise.all(Array.from({ length: 400 }, (_, i) => connect(send(ENEMY, text(i)))));
  },

  async bulk() {
    await Promise.all(Array.from({ length: 40 }, (_, i) => ask(`${url.origin}/api/send-message`, { headers: as(ENEMY), body: text(i, { priority: 'bulk' }) })));
  },

  async receipts() {
    flood('/api/send-message', 64, { FLOOD_METHOD: 'POST', FLOOD_KEY: ENEMY, FLOOD_BODY: process.env.ENEMY_BODY });
  },
  async unknownKeys() { flood('/api/wallet', 1500, { FLOOD_KEY: 'random' }); },
  async reads() { flood(`/api/messages/${process.env.ENEMY_MESSAGE}`, 1300, { FLOOD_KEY: ENEMY }); },

  // The wallet is locked by who started us: what its org notices.
  async lockedWallet() { steadily(ENEMY); },

  async deadLetters() {
    const n = 3000;
    const contacts = Array.from({ length: n }, (_, i) => ({ profile: { name: `Name ${i}` }, wa_id: `9196${String(i).padStart(8, '0')}` }));
    const messages = contacts.map(({ wa_id: from }, i) => ({ from, id: `wamid.dead.${i}`, timestamp: '1763800000', type: 'text', text: { body: 'Hello' } }));
    await postWebhook(JSON.stringify({ object: 'whatsapp_business_account', entry: [{ id: '1', changes: [{ field: 'messages', value: {
      messaging_product: 'whatsapp', metadata: { display_phone_number: '1', phone_number_id: '999999' }, contacts, messages } }] }] }));
  },

  async trees() {
    const head = '{"object":"whatsapp_business_account","entry":[';
    const list = `${'{},'.repeat(999990)}{}`;
    for (let i = 0; i < 10; i++) await webhook(head, list, 2999990 + 60 + i, ']}');
  },

  async repeats() {
    flood('/webhook', 32, { FLOOD_METHOD: 'POST', FLOOD_BODY: process.env.ENEMY_BODY, FLOOD_SIGNATURE: process.env.ENEMY_SIGNATURE });
  },

  async profiles() {
    const messages = Array.from({ length: 2000 }, (_, i) => ({ from: `9193${String(i).padStart(8, '0')}`, id: `wamid.profiles.${i}`, timestamp: String(Math.floor(Date.now() / 1000)), type: 'text', text: { body: 'Hi' } }));
    const contacts = Array.from({ length: 50000 }, () => ({ wa_id: '1' }));
    await postWebhook(JSON.stringify({ object: 'whatsapp_business_account', entry: [{ id: '1', changes: [{ field: 'messages', value: {
      messaging_product: 'whatsapp', metadata: { display_phone_number: '1', phone_number_id: '100009' }, contacts, messages } }] }] }));
  },

  // For one who answers late; and gone before that. Whatever place is given up, somebody else takes.
  async waiters() {
    const come = async (count) => {
      const sockets = await Promise.all(Array.from({ length: count }, () =>
        connect(send(ENEMY, JSON.stringify({ phone: '15552000008', message: 'x' }), 'Prefer: wait=30\r\n'))));
      setTimeout(() => sockets.forEach((socket) => socket && socket.destroy()), 500);
    };
    for (let i = 0; i < 2300; i += 50) await come(50);
    every(50, () => come(3));
  },

  // While the wallet is locked.
  async payloads() {
    for (let i = 0; i < 1500; i += 50)
      await Promise.all(Array.from({ length: 50 }, (_, k) => connect(send(ENEMY, large(i + k)))));
  },

  async answers() {
    const get = `GET /api/messages/${process.env.ENEMY_MESSAGE} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ENEMY}\r\n\r\n`;
    for (let i = 0; i < 1000; i += 50)
      await Promise.all(Array.from({ length: 50 }, () => connect(get.repeat(4), { deaf: true })));
  },

  async evilText() {
    await postWebhook(process.env.ENEMY_WEBHOOK);
  },
};

// A send each 200 ms, and what became of them when we end.
function steadily(key) {
  let n = 0;
  every(200, async () => {
    n += 1;
    const since = Date.now();
    const { status } = await ask(`${url.origin}/api/send-message`, { headers: as(key), body: text(n) });
    if (process.connected) process.send({ status, ms: Date.now() - since });
  });
}

module.exports = { large, sign, ENEMY };
if (require.main === module) {
  process.on('disconnect', () => process.exit());
  process.on('SIGTERM', () => process.exit());
  attacks[process.argv[2]]().then(() => process.connected && process.send('ready'));
}
