// The Express backend: every request waits for PostgreSQL, for Meta and for PostgreSQL again.
// Settings: PORT, PGURL, META_URL, APP_SECRET, VERIFY_TOKEN, PROCESSES (1 = no cluster).
const cluster = require('cluster');
const processes = Number(process.env.PROCESSES || 1);
if (processes > 1 && cluster.isPrimary) {
  for (let i = 0; i < processes; i++) cluster.fork();
  process.on('SIGTERM', () => process.exit(0));
} else {
  const crypto = require('crypto');
  const http = require('http');
  const express = require('express');
  const axios = require('axios');
  const { Pool } = require('pg');
  const db = new Pool({ connectionString: process.env.PGURL, max: Math.max(4, Math.floor(40 / processes)) });
  const meta = axios.create({
    baseURL: process.env.META_URL, timeout: 30000,
    httpAgent: new http.Agent({ keepAlive: true, maxSockets: 256 }),
  });
  const one = async (sql, args) => (await db.query(sql, args)).rows[0];

  const channelService = {
    active: (orgId) => one("SELECT * FROM channels WHERE org_id = $1 AND status = 'active' LIMIT 1", [orgId]),
    byPhoneNumberId: (id) => one('SELECT * FROM channels WHERE phone_number_id = $1', [id]),
  };
  const walletService = {
    deduct: async (orgId, fee, why) => (await one('SELECT deduct_service_fee($1, $2, $3) AS ok', [orgId, fee, why])).ok,
    refund: (orgId, fee, why) => one("SELECT add_wallet_credits($1, $2, 'refund', $3)", [orgId, fee, why]),
  };
  const whatsappService = {
    send: async (channel, to, text) => {
      const { data } = await meta.post(`/v23.0/${channel.phone_number_id}/messages`,
        { messaging_product: 'whatsapp', recipient_type: 'individual', to, type: 'text', text: { body: text } },
        { headers: { Authorization: `Bearer ${channel.access_token}` } });
      return data.messages[0].id;
    },
    shouldRefund: (err) => {
      const code = err.response?.data?.error?.code;
      return !err.response || [0, 190, 4, 80007, 130429, 1, 2, 131000, 131016].includes(code);
    },
  };
  const messageService = {
    contact: (orgId, phone, name) => one(
      'INSERT INTO contacts (org_id, phone, name) VALUES ($1, $2, $3) ON CONFLICT (org_id, phone) DO UPDATE SET name = coalesce(excluded.name, contacts.name) RETURNING id',
      [orgId, phone, name ?? null]),
    save: (m) => one(
      'INSERT INTO messages (org_id, channel_id, contact_id, direction, type, body, wamid, status) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id',
      [m.orgId, m.channelId, m.contactId, m.direction, 'text', m.body, m.wamid, m.status]),
  };

  async function send(orgId, channel, phone, text) {
    if (!await walletService.deduct(orgId, channel.service_fee_per_msg, 'WhatsApp message')) return { status: 402 };
    let wamid;
    try {
      wamid = await whatsappService.send(channel, phone, text);
    } catch (err) {
      const refunded = whatsappService.shouldRefund(err);
      if (refunded) await walletService.refund(orgId, channel.service_fee_per_msg, err.message);
      return { status: 500, refunded };
    }
    const contact = await messageService.contact(orgId, phone);
    const saved = await messageService.save({ orgId, channelId: channel.id, contactId: contact.id, direction: 'outbound', body: text, wamid, status: 'sent' });
    return { status: 200, id: saved.id, wamid };
  }

  const app = express();
  app.use(express.json({ verify: (req, _res, raw) => { req.raw = raw; } }));
  app.post('/api/send-message', async (req, res) => {
    try {
      const { org_id: orgId, phone, message } = req.body;
      if (!orgId || !phone || !message) return res.status(400).json({ error: 'org_id, phone and message are required' });
      const channel = await channelService.active(orgId);
      if (!channel) return res.status(404).json({ error: 'No active channel' });
      const sent = await send(orgId, channel, String(phone).replace(/\D/g, ''), message);
      if (sent.status === 402) return res.status(402).json({ error: 'Insufficient wallet balance' });
      if (sent.status === 500) return res.status(500).json({ error: `Message failed to send${sent.refunded ? ' (refunded)' : ''}` });
      return res.json({ success: true, message_id: sent.id, wamid: sent.wamid });
    } catch (err) { return res.status(500).json({ error: err.message }); }
  });
  app.get('/webhook', (req, res) => (req.query['hub.verify_token'] === process.env.VERIFY_TOKEN
    ? res.send(req.query['hub.challenge']) : res.sendStatus(403)));
  app.post('/webhook', (req, res) => {
    const want = `sha256=${crypto.createHmac('sha256', process.env.APP_SECRET).update(req.raw).digest('hex')}`;
    const got = req.get('x-hub-signature-256') || '';
    if (got.length !== want.length || !crypto.timingSafeEqual(Buffer.from(got), Buffer.from(want))) return res.sendStatus(401);
    res.sendStatus(200);
    (async () => {
      for (const entry of req.body.entry || []) for (const change of entry.changes || []) {
        const value = change.value || {};
        const channel = await channelService.byPhoneNumberId(value.metadata?.phone_number_id);
        if (!channel) continue;
        for (const m of value.messages || []) {
          const contact = await messageService.contact(channel.org_id, m.from, value.contacts?.[0]?.profile?.name);
          await messageService.save({ orgId: channel.org_id, channelId: channel.id, contactId: contact.id, direction: 'inbound', body: m.text?.body, wamid: m.id, status: 'received' });
          const rules = (await db.query('SELECT * FROM automation_rules WHERE org_id = $1 AND active', [channel.org_id])).rows;
          const rule = rules.find((r) => m.text?.body?.toLowerCase().includes(r.trigger.toLowerCase()));
          if (rule) await send(channel.org_id, channel, m.from, rule.reply);
        }
        for (const s of value.statuses || []) await db.query('UPDATE messages SET status = $1 WHERE wamid = $2', [s.status, s.id]);
      }
    })().catch((err) => console.error(err.message));
  });
  app.listen(Number(process.env.PORT || 3100), '127.0.0.1');
}
