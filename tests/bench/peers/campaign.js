// A campaign from one org while another sends single messages: how long each call takes. Settings: TOLLGATE_URL,
// ACME_API_KEY, BETA_API_KEY, RECIPIENTS.
const { TOLLGATE_URL: url, ACME_API_KEY: acme, BETA_API_KEY: beta } = process.env;
const count = Number(process.env.RECIPIENTS);
const aims = [];

async function call(key, method, path, body, headers = {}) {
  const began = performance.now();
  const answer = await fetch(url + path, { method, body, headers: { Authorization: `Bearer ${key}`, ...headers } });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 300)}`);
  return { ms: performance.now() - began, json: JSON.parse(text) };
}

const json = { 'Content-Type': 'application/json' };
const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });
const phone = (i) => `+9198${String(i).padStart(8, '0')}`;
const payload = { type: 'text', text: { body: 'Hi {{name}}, your code is {{code}}' } };

// The neighbour, in phases.
let phase = 'nothing else', running = true;
const waits = {};
async function neighbour() {
  for (let i = 0; running; i++) {
    const during = phase;
    const body = JSON.stringify({ phone: `+9197${String(i).padStart(8, '0')}`, message: 'single' });
    const { ms } = await call(beta, 'POST', '/api/send-message', body, json);
    (waits[during] ||= []).push(ms);
    await pause(50);
  }
}

async function timed(name, aim_ms, work) {
  phase = name;
  const { ms, json: campaign } = await work();
  console.log(`${name.padEnd(40)} ${ms.toFixed(0).padStart(8)} ms`);
  if (aim_ms && ms > aim_ms) aims.push(`${name}: ${ms.toFixed(0)} ms`);
  return campaign;
}

async function main() {
  const list = Array.from({ length: count }, (_, i) => ({ phone: phone(i), params: { name: `Name ${i}`, code: i } }));
  const inline = JSON.stringify({ name: 'bench', payload, recipients: list });
  const form = () => {
    const parts = new FormData();
    parts.set('campaign', new Blob([JSON.stringify({ payload })]));
    parts.set('recipients', new Blob([`phone,name,code\r\n${list.map((r) => `${r.phone},${r.params.name},${r.params.code}`).join('\r\n')}`]));
    return parts;
  };
  const other = neighbour();
  await pause(2000);
  await timed(`made of a file`, 10000, () => call(acme, 'POST', '/api/campaigns', form()));
  const made = await timed(`made of JSON (${(inline.length / 1e6).toFixed(1)} MB)`, 10000, () => call(acme, 'POST', '/api/campaigns', inline, json));
  const path = `/api/campaigns/${made.campaign_id}`;
  await timed('started', 1000, () => call(acme, 'POST', `${path}/start`, JSON.stringify({ cost: made.cost }), json));
  phase = 'while it runs';
  await pause(10000);
  const paused = await timed('paused', 1000, () => call(acme, 'POST', `${path}/pause`));
  await pause(2000);
  const stays = await timed('progress asked for', 1000, () => call(acme, 'GET', path));
  if (stays.passed !== paused.passed) aims.push('it goes on while it is paused');
  await timed('resumed', 1000, () => call(acme, 'POST', `${path}/resume`));
  phase = 'while it runs';
  await pause(10000);
  const cancelled = await timed('cancelled', 1000, () => call(acme, 'POST', `${path}/cancel`));
  running = false;
  await other;
  console.log(`${cancelled.passed} of ${count} had their turn in some 20 s; the others were dropped`);
  for (const [name, all] of Object.entries(waits)) {
    all.sort((a, b) => a - b);
    const at = (part) => all[Math.min(all.length - 1, Math.floor(part * all.length))].toFixed(1);
    console.log(`the neighbour's ${String(all.length).padStart(4)} sends: ${name.padEnd(26)} p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, at most ${at(1)} ms`);
    if (Number(at(1)) > 1000) aims.push(`the neighbour waited ${at(1)} ms: ${name}`);
  }
  if (aims.length > 0) {
    console.log(`Missed: ${aims.join('; ')}`);
    process.exitCode = 1;
  }
}

main();
