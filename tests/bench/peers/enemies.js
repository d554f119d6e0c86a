// Within deploy/quickstart --exec: enemies.js CASE. Sets the case up, starts its attack (attacks.js) in a process of its
// own, lets the neighbours (neighbours.js) be served meanwhile, and prints what they noticed as one line of JSON.
// enemies.js --list: the cases. enemies.js --table FILE: what the bench has gathered there.
const { fork, spawn, execFileSync } = require('child_process');
const fs = require('fs');
const { Neighbours, ask, as, sign, textWebhook, postWebhook } = require('./neighbours');
const { ENEMY, large } = require('./attacks');

const { env } = process;
const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
const pids = (list) => (list || '').split(' ').filter(Boolean);
const scratch = env.ENEMIES_DIR || '.';
const org = '00000000-0000-4000-8000-000000000009';
const MiB = 1024 * 1024;

// A session of PostgreSQL's superuser, who finds Tollgate's tables in whatever schema they are.
class Session {
  constructor() {
    this.psql = spawn('psql', ['--no-psqlrc', '--quiet', '--no-align', '--tuples-only', '--dbname', env.TOLLGATE_POSTGRES_URL.replace('tollgate@', 'postgres@')],
      { env: { ...env, PGOPTIONS: '-c search_path=tollgate,public' }, stdio: ['pipe', 'pipe', 'inherit'] });
    this.text = '';
    this.waiting = [];
    this.psql.stdout.on('data', (data) => {
      this.text += data;
      for (let end; (end = this.text.indexOf('\u0001\n')) >= 0;) {
        this.waiting.shift()(this.text.slice(0, end).trim());
        this.text = this.text.slice(end + 2);
      }
    });
  }

  ask(sql) {
    this.psql.stdin.write(`${sql};\n\\echo '\u0001'\n`);
    return new Promise((resolve) => { this.waiting.push(resolve); });
  }

  async number(sql) { return Number(await this.ask(sql)); }

  end() { this.psql.stdin.end(); }
}

// MiB of /proc/PID/status, of all of them.
function memory(field, list) {
  return Math.round(list.reduce((sum, pid) => sum + Number(fs.readFileSync(`/proc/${pid}/status`, 'utf8').match(new RegExp(`${field}:\\s+(\\d+)`))[1]), 0) / 1024);
}

const redisMemory = () => Math.round(Number(execFileSync('redis-cli', ['-u', env.TOLLGATE_REDIS_URL, 'info', 'memory'], { encoding: 'utf8' }).match(/used_memory:(\d+)/)[1]) / MiB);
const socketMemory = () => Math.round(Number(fs.readFileSync('/proc/net/sockstat', 'utf8').match(/TCP:.* mem (\d+)/)[1]) * 4096 / MiB);

async function until(seconds, holds) {
  const begin = Date.now();
  while (!await holds() && Date.now() - begin < seconds * 1000) await sleep(100);
  return ((Date.now() - begin) / 1000).toFixed(1);
}

// The message whose id the answer tells.
async function sendLarge(sql) {
  const { status, text } = await ask(`${env.TOLLGATE_URL}/api/send-message`, { headers: as(ENEMY), body: large(0) });
  if (status !== 202) throw new Error(`a large send was answered ${status} ${text}`);
  env.ENEMY_MESSAGE = JSON.parse(text).message_id || await sql.ask(`SELECT id FROM messages WHERE org_id = '${org}'`);
}

function writeBody(name, body) {
  env.ENEMY_BODY = `${scratch}/${name}`;
  fs.writeFileSync(env.ENEMY_BODY, body);
  env.ENEMY_SIGNATURE = sign(body).slice('sha256='.length);
}

const sent = `SELECT count(*) FROM messages WHERE org_id = '${org}' AND direction = 'outbound' AND status IN ('sent', 'delivered', 'read')`;
const lock = async (sql) => {
  const holder = new Session();
  await holder.ask(`BEGIN; SELECT balance FROM wallets WHERE org_id = '${org}' FOR UPDATE`);
  return holder;
};

// All times of these tables, an hour on: as if the clock had been ahead when they were written.
const aheadByAnHour = `DO $$ DECLARE t text; c text; BEGIN
  FOR t, c IN SELECT table_name, column_name FROM information_schema.columns
       WHERE table_schema IN ('tollgate', 'public') AND table_name IN ('pace', 'clock') AND data_type LIKE 'timestamp%' LOOP
    EXECUTE format('UPDATE %I SET %I = %2$I + interval ''1 hour''', t, c);
  END LOOP; END $$`;

async function haveLeft(sql) {
  const [out, all] = (await sql.ask(`SELECT count(*) FILTER (WHERE status IN ('sent', 'delivered', 'read')), count(*)
    FROM messages WHERE direction = 'outbound'`)).split('|');
  return `${out} of ${all} sends have left`;
}

// name; what is done before (prepare), the attack; what is told of it besides what the neighbours notice (about: a
// text, at the end of the attack; after: once the attack is over); when the attack begins by itself.
const cases = {
  0: { name: 'nobody', attack: 'nothing', about: haveLeft },
  1: { name: '86 half bodies', attack: 'halfBodies' },
  2: { name: '1,100 idle connections', attack: 'idle1100' },
  3: {
    name: '400 high at once, at 80/s', attack: 'burst',
    prepare: (sql) => sql.ask("UPDATE channels SET max_mps = 80 WHERE phone_number_id = '100009'"),
    // Accepting them is over in well under a second.
    meanwhile: async (sql) => {
      const begin = Date.now();
      await until(5, async () => await sql.number(`SELECT count(*) FROM messages WHERE org_id = '${org}'`) === 400);
      await until(25, async () => await sql.number(`SELECT count(*) FROM outbox WHERE org_id = '${org}'`) === 0);
      return `the last leaves after ${((Date.now() - begin) / 1000).toFixed(1)} s`;
    },
  },
  4: { name: '4,200 idle connections', attack: 'idle4200' },
  '4d': { name: '4,095 dripping headers', attack: 'dripping' },
  5: {
    name: '40 bulk at 2/s, then suspended', attack: 'bulk',
    prepare: (sql) => sql.ask("UPDATE channels SET max_mps = 2 WHERE phone_number_id = '100009'"),
    meanwhile: async (sql) => {
      await sql.ask(`UPDATE organizations SET status = 'suspended' WHERE id = '${org}'`);
      await sleep(2000); // what was under way
      const before = await sql.number(sent);
      await sleep(7000);
      return `${await sql.number(sent) - before} leave within 7 s`;
    },
  },
  6: {
    name: "PostgreSQL's clock an hour back", attack: 'nothing',
    prepare: (sql) => sql.ask(aheadByAnHour),
    about: haveLeft,
  },
  7: {
    name: 'receipts, 64 connections', attack: 'receipts',
    async prepare(sql) {
      await postWebhook(textWebhook(100009, '919299999999', 'wamid.read', 'Hello'));
      await until(10, async () => await sql.number("SELECT count(*) FROM messages WHERE wamid = 'wamid.read'") === 1);
      await sql.ask(`UPDATE wallets SET balance = 0 WHERE org_id = '${org}'; UPDATE channels SET max_mps = 80 WHERE phone_number_id = '100009'`);
      writeBody('receipt.json', JSON.stringify({ payload: { messaging_product: 'whatsapp', status: 'read', message_id: 'wamid.read' } }));
    },
    about: async (sql) => {
      const stats = JSON.parse((await ask(`${env.METASIM_URL}/_sim/stats`)).text);
      return `${stats.receipts} posts to Meta, ${await sql.number(`SELECT count(*) FROM messages WHERE org_id = '${org}' AND type = 'receipt'`)} rows`;
    },
  },
  8: { name: 'unknown keys, 1,500 connections', attack: 'unknownKeys' },
  '8r': { name: 'own reads of 240 kB, 1,300 connections', attack: 'reads', prepare: sendLarge },
  9: {
    name: 'a locked wallet', attack: 'lockedWallet', prepare: lock,
    about: async (_, told) => {
      const codes = {};
      told.forEach(({ status }) => { codes[status] = (codes[status] || 0) + 1; });
      return `its own org: ${JSON.stringify(codes).replaceAll('"', '')}, worst ${(Math.max(0, ...told.map(({ ms }) => ms)) / 1000).toFixed(1)} s`;
    },
  },
  10: {
    name: '3,000 dead letters in a body', attack: 'deadLetters',
    meanwhile: async (sql) => {
      const table = await sql.ask("SELECT relname FROM pg_class WHERE relname IN ('dead_events', 'dead_letters') AND relkind = 'r'");
      const seconds = await until(30, async () => await sql.number(`SELECT count(*) FROM ${table} WHERE phone_number_id = '999999'`) >= 3000);
      return `${seconds} s, ${await sql.ask(`SELECT round(coalesce(sum(length(body)), 0) / 1048576.0, 1) FROM ${table}`)} MiB of bodies`;
    },
  },
  11: { name: 'ten bodies of 3 MB of {}', attack: 'trees' },
  14: {
    name: 'a signed body of 2.2 MB, again and again', attack: 'repeats',
    prepare: () => writeBody('repeated.json', `${textWebhook(100009, '919299999999', 'wamid.repeated', 'Hello')}${' '.repeat(2200000)}`),
    about: () => `Redis ${redisMemory()} MiB`,
  },
  16: {
    name: '2,000 messages, 50,000 contacts', attack: 'profiles',
    meanwhile: async (sql) => `applied after ${await until(30, async () =>
      await sql.number("SELECT count(*) FROM messages WHERE wamid LIKE 'wamid.profiles.%'") >= 2000)} s`,
  },
  17: { name: '2,300 wait for Meta and are gone', attack: 'waiters', wait: 5 },
  '18a': { name: '1,500 sends of 240 kB, wallet locked', attack: 'payloads', prepare: lock },
  '18b': { name: '1,000 do not read 4 x 240 kB', attack: 'answers', prepare: sendLarge, about: () => `sockets ${socketMemory()} MiB` },
  26: {
    name: '500 rules that cost too much', attack: 'evilText',
    async prepare(sql) {
      await sql.ask(`INSERT INTO automation_rules (org_id, match_kind, pattern, reply)
        SELECT '${org}', 'regex', '^(a+)+$', '{"type":"text","text":{"body":"never"}}' FROM generate_series(1, 500)`);
      if (await sql.number("SELECT count(*) FROM information_schema.columns WHERE table_name = 'automation_rules' AND column_name = 'state'"))
        await until(15, async () => await sql.number("SELECT count(*) FROM automation_rules WHERE state = 'unchecked'") === 0);
      env.ENEMY_WEBHOOK = textWebhook(100009, '919299999999', 'wamid.evil', `${'a'.repeat(60)}!`);
    },
    about: () => {
      const logs = fs.readdirSync(env.ENEMIES_LOGS).filter((name) => name.startsWith('worker-'));
      const lines = logs.flatMap((name) => fs.readFileSync(`${env.ENEMIES_LOGS}/${name}`, 'utf8').split('\n'));
      return `${lines.filter((line) => line.includes('rule_failed')).length} lines in the log`;
    },
  },
};

// Notes when each webhook of the neighbours' is applied, to half a second, until all are.
function watch(sql, neighbours) {
  const applied = [];
  const left = new Map();
  let stopped = false;
  const look = async () => {
    if (neighbours.posted.size > 0) {
      neighbours.posted.forEach((at, id) => left.set(id, at));
      neighbours.posted.clear();
    }
    if (left.size > 0) {
      for (const id of (await sql.ask("SELECT wamid FROM messages WHERE wamid LIKE 'wamid.neighbour.%'")).split('\n'))
        if (left.has(id)) { applied.push(Math.max(0, Date.now() - left.get(id))); left.delete(id); }
    }
  };
  const ended = (async () => { while (!stopped) { await look(); await sleep(500); } })();
  return async (seconds) => {
    await until(seconds, () => left.size + neighbours.posted.size === 0);
    stopped = true;
    await ended;
    return { worst_s: applied.length ? Math.max(...applied) / 1000 : null, never: left.size };
  };
}

const percentile = (list, p) => list.length ? Math.round([...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * p))]) : null;

function summary(heard) {
  return Object.fromEntries(Object.entries(heard).map(([kind, { codes, ms }]) =>
    [kind, { codes, p50_ms: percentile(ms, 0.5), p99_ms: percentile(ms, 0.99), worst_ms: percentile(ms, 1) }]));
}

async function run(id) {
  const what = cases[id];
  const seconds = Number(env.ENEMIES_SECONDS || 10);
  const sql = new Session();
  const watcher = new Session();
  const ingress = pids(env.TOLLGATE_INGRESS_PIDS);
  const workers = pids(env.TOLLGATE_WORKER_PIDS);
  await new Neighbours(0).run(1); // keys and prepared statements are known
  const held = await what.prepare?.(sql);
  const neighbours = new Neighbours(what.wait || 0);
  neighbours.n = 1000; // other phones, other ids
  const told = [];
  const attack = fork(`${__dirname}/attacks.js`, [what.attack], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  await new Promise((resolve) => {
    attack.on('message', (message) => { if (message === 'ready') resolve(); else told.push(message); });
    attack.on('exit', resolve);
    setTimeout(resolve, 15000);
  });
  const appliedBy = watch(watcher, neighbours);
  const [meanwhile] = await Promise.all([what.meanwhile?.(sql), neighbours.run(seconds)]);
  const about = meanwhile ?? await what.about?.(sql, told);
  attack.kill();
  if (held instanceof Session) { await held.ask('ROLLBACK'); held.end(); }
  const applied = await appliedBy(20);
  await sleep(2000);
  console.log(JSON.stringify({ case: id, name: what.name, ...summary(neighbours.heard), applied, about: about ?? '',
    ingress: { most: memory('VmHWM', ingress), left: memory('VmRSS', ingress) }, workers: { most: memory('VmHWM', workers), left: memory('VmRSS', workers) } }));
  sql.end();
  watcher.end();
}

// "sends 12 % (503 88 %) 3/9/14 ms": what was answered well, what else, and p50, p99 and the worst.
function phrase(kind, { codes, p50_ms, p99_ms, worst_ms }, good) {
  const all = Object.values(codes).reduce((sum, count) => sum + count, 0);
  const part = (count) => `${Math.round(100 * count / all)} %`;
  const others = Object.entries(codes).filter(([code]) => !good.includes(code)).map(([code, count]) => `${code} ${part(count)}`);
  return `${kind} ${part(good.reduce((sum, code) => sum + (codes[code] || 0), 0))}${others.length ? ` (${others.join(', ')})` : ''} ${p50_ms}/${p99_ms}/${worst_ms} ms`;
}

function cell(result) {
  if (!result) return '-';
  if (result.failed) return 'the run failed';
  const { applied } = result;
  return [
    phrase('sends', result.sends, cases[result.case].wait ? ['200'] : ['202']),
    phrase('webhooks', result.webhooks, ['200']),
    `applied within ${applied.worst_s === null ? '-' : applied.worst_s.toFixed(1)} s${applied.never ? `, ${applied.never} never` : ''}`,
    phrase('reads', result.reads, ['200']),
    phrase('health', result.health, ['200']),
    `ingress ${result.ingress.most} MiB (${result.ingress.left} left), workers ${result.workers.most} (${result.workers.left})`,
    ...(result.about ? [`**${result.about}**`] : []),
  ].join('; ');
}

const order = (a, b) => parseInt(a, 10) - parseInt(b, 10) || (a < b ? -1 : 1);

// table(FILE): lines "tree JSON", the last of each case and tree counts.
function table(file) {
  const results = {};
  for (const line of fs.readFileSync(file, 'utf8').split('\n').filter(Boolean)) {
    const [tree, json] = [line.slice(0, line.indexOf(' ')), JSON.parse(line.slice(line.indexOf(' ')))];
    (results[json.case] ||= {})[tree] = json;
  }
  console.log('| case | before | now |\n| --- | --- | --- |');
  for (const id of Object.keys(results).sort(order))
    console.log(`| ${id}. ${cases[id].name} | ${cell(results[id].before)} | ${cell(results[id].now)} |`);
}

const [, , what, file] = process.argv;
if (what === '--list') console.log(Object.keys(cases).sort(order).join(' '));
else if (what === '--table') table(file);
else run(what).then(() => process.exit(), (error) => { console.error(error); process.exit(1); });
