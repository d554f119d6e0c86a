// Who else uses the gateway: a small steady load, each request on a connection of its own and at its time, whatever
// became of those before. What they notice: answers by code, and how long they took.
const crypto = require('crypto');
const http = require('http');

const ORGS = 8; // load-key-1 ... load-key-8
const PATIENCE_MS = 10000;
const RATES = { sends: 20, webhooks: 10, reads: 20, health: 4 }; // a second

// sign(BODY): as Meta signs it.
const sign = (body) => `sha256=${crypto.createHmac('sha256', process.env.TOLLGATE_APP_SECRET).update(body).digest('hex')}`;

// ask(URL, {method, headers, body}): the status, or "reset", "silent" and the like; never fails.
function ask(url, options = {}) {
  return new Promise((resolve) => {
    const { body } = options;
    const headers = { ...options.headers, ...(body ? { 'Content-Length': Buffer.byteLength(body) } : {}) };
    const request = http.request(url, { method: body ? 'POST' : 'GET', ...options, headers, agent: false });
    const timer = setTimeout(() => { resolve({ status: 'silent', text: '' }); request.destroy(); }, PATIENCE_MS);
    const end = (status, text = '') => { clearTimeout(timer); resolve({ status, text }); };
    request.on('error', () => end('reset'));
    request.on('response', (response) => {
      let text = '';
      response.on('data', (data) => { text += data; });
      response.on('error', () => end('reset'));
      response.on('end', () => end(response.statusCode, text));
    });
    request.end(body);
  });
}

const as = (key, more) => ({ Authorization: `Bearer ${key}`, 'Content-Type': 'application/json', ...more });

// textWebhook(NUMBER, FROM, WAMID, TEXT): a customer writes.
const textWebhook = (number, from, id, text) => JSON.stringify({ object: 'whatsapp_business_account', entry: [{ id: '1001', changes: [{ field: 'messages', value: {
  messaging_product: 'whatsapp', metadata: { display_phone_number: '15550000001', phone_number_id: String(number) },
  contacts: [{ profile: { name: 'Asha' }, wa_id: from }],
  messages: [{ from, id, timestamp: String(Math.floor(Date.now() / 1000)), type: 'text', text: { body: text } }] } }] }] });

const postWebhook = (body) => ask(`${process.env.TOLLGATE_URL}/webhook`, { body, headers: { 'Content-Type': 'application/json', 'X-Hub-Signature-256': sign(body) } });

class Neighbours {
  // wait: seconds that a send waits for Meta's answer; 0: none.
  constructor(wait) {
    this.wait = wait;
    this.posted = new Map(); // wamid -> when its webhook was acknowledged
    this.heard = Object.fromEntries(Object.keys(RATES).map((kind) => [kind, { codes: {}, ms: [] }]));
    this.n = 0;
  }

  one(kind, n) {
    const url = process.env.TOLLGATE_URL;
    const key = `load-key-${1 + n % ORGS}`;
    if (kind === 'sends')
      return ask(`${url}/api/send-message`, { headers: as(key, this.wait ? { Prefer: `wait=${this.wait}` } : {}),
        body: JSON.stringify({ phone: `9198${String(n).padStart(8, '0')}`, message: 'Your order is on its way.' }) });
    if (kind === 'reads')
      return ask(`${url}/api/wallet`, { headers: as(key) });
    if (kind === 'health')
      return ask(process.env.TOLLGATE_ADMIN_URL + (n % 2 ? '/healthz' : '/readyz'));
    const id = `wamid.neighbour.${n}`;
    return postWebhook(textWebhook(100001 + n % ORGS, `9197${String(n).padStart(8, '0')}`, id, 'Where is my order?')).then((answer) => {
      if (answer.status === 200) this.posted.set(id, Date.now());
      return answer;
    });
  }

  // run(SECONDS): until each has its answer.
  async run(seconds) {
    const begin = Date.now();
    const under = [];
    const due = Object.entries(RATES).flatMap(([kind, rate]) =>
      Array.from({ length: seconds * rate }, (_, i) => ({ kind, at: (i + 0.5) * 1000 / rate }))).sort((a, b) => a.at - b.at);
    for (const { kind, at } of due) {
      const early = begin + at - Date.now();
      if (early > 0) await new Promise((resolve) => { setTimeout(resolve, early); });
      const since = performance.now();
      this.n += 1;
      under.push(this.one(kind, this.n).then(({ status }) => {
        const heard = this.heard[kind];
        heard.codes[status] = (heard.codes[status] || 0) + 1;
        heard.ms.push(performance.now() - since);
      }));
    }
    await Promise.all(under);
  }
}

module.exports = { Neighbours, ask, as, sign, textWebhook, postWebhook };
