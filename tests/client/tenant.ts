// What a tenant's program does with Tollgate, by the client that its description types.
import assert from 'node:assert/strict';
import { Client, type Message, type MessageFilter } from './client.js';

const PATIENCE_MS = 1000 * Number(process.env.TOLLGATE_TEST_PATIENCE_S ?? 20);

async function eventually<T>(look: () => Promise<T | undefined>): Promise<T> {
    for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await new Promise((go) => setTimeout(go, 100))) {
        const found = await look();
        if (found !== undefined) return found;
    }
    throw new Error('it has not come in time');
}

async function sends(client: Client): Promise<string> {
    const sent = await client.call('post', '/api/send-message', {
        body: { phone: '+91 98765-43210', message: 'Hello' },
        headers: { Prefer: 'wait=20' },
    });
    assert(sent.status === 200, `${sent.status}`);
    assert.match(sent.body.wamid ?? '', /^wamid[.]/);
    const id = sent.body.message_id;
    await eventually(async () => {
        const message = await client.call('get', '/api/messages/{id}', { path: { id } });
        assert(message.status === 200);
        return message.body.status === 'sending' ? undefined : message.body;
    });
    return id;
}

async function sendsOnce(client: Client): Promise<void> {
    const order = { body: { phone: '+919876543210', message: 'Once' }, headers: { 'Idempotency-Key': 'order-42' } };
    const first = await client.call('post', '/api/send-message', order);
    const again = await client.call('post', '/api/send-message', order);
    assert(first.status === 202 && again.status === 202);
    assert.equal(again.body.message_id, first.body.message_id);
    assert.equal(again.headers.get('Idempotency-Replayed'), 'true');
    const other = await client.call('post', '/api/send-message', { ...order, body: { ...order.body, message: 'Twice' } });
    assert(other.status === 409);
    assert.equal(other.body.code, 'idempotency_conflict');
}

async function sendsMany(client: Client): Promise<void> {
    const many = await client.call('post', '/api/send-messages', {
        body: { messages: [{ phone: '+919876543210', message: 'One' }, { phone: '12', message: 'Two' }] },
    });
    assert(many.status === 207);
    const [one, two] = many.body.messages;
    assert(one?.message_id && !one.code, JSON.stringify(one));
    assert.equal(two?.code, 'invalid_phone');
}

async function cancels(client: Client): Promise<void> {
    const later = await client.call('post', '/api/send-message', {
        body: { phone: '+919876543210', message: 'Later', send_at: new Date(Date.now() + 3600_000).toISOString() },
    });
    assert(later.status === 202);
    assert.equal(later.body.status, 'scheduled');
    const path = { id: later.body.message_id };
    const cancelled = await client.call('delete', '/api/messages/{id}', { path });
    assert(cancelled.status === 200);
    assert.equal(cancelled.body.error?.code, 'cancelled');
    assert.equal(cancelled.body.refunded, true);
}

async function isRefused(client: Client, url: string): Promise<void> {
    const nobody = await client.call('post', '/api/send-message', { body: { phone: '12', message: 'Hello' } });
    assert(nobody.status === 400);
    assert.equal(nobody.body.code, 'invalid_phone');
    assert.equal(nobody.body.detail?.field, 'phone');
    const failed = await client.call('post', '/api/send-message', {
        body: { phone: '+15550131026', message: 'Hello' },
        headers: { Prefer: 'wait=20' },
    });
    assert(failed.status === 500 && failed.body.code === 'send_failed');
    assert.equal(failed.body.detail?.error.code, '131026');
    const stranger = await new Client(url, 'tg_wrong').call('get', '/api/wallet', {});
    assert(stranger.status === 401);
    assert.equal(stranger.body.code, 'unauthorized');
    const absent = await client.call('get', '/api/messages/{id}', {
        path: { id: '00000000-0000-4000-8000-000000000000' },
    });
    assert(absent.status === 404 && absent.body.code === 'not_found');
}

async function all(client: Client, filter: MessageFilter): Promise<Message[]> {
    const found = [];
    for await (const message of client.messages(filter)) found.push(message);
    return found;
}

// By pages of two, so that the cursor has to carry it.
async function listsMessages(client: Client, sent: string): Promise<void> {
    const messages = await all(client, { limit: 2 });
    const ids = messages.map((message) => message.message_id);
    assert(ids.length > 4 && ids.includes(sent), ids.join());
    assert.deepEqual(ids, [...new Set(ids)].sort().reverse());
    const whole = await client.call('get', '/api/messages', { query: { limit: 200 } });
    assert(whole.status === 200 && whole.body.next_before === null);
    assert.deepEqual(whole.body.messages.map((message) => message.message_id), ids);
    for await (const newest of client.messages({ limit: 1 })) {
        assert.equal(newest.message_id, ids[0]);
        break;
    }
}

// `sent` is the first since `begun`.
async function filtersMessages(client: Client, sent: string, begun: string): Promise<void> {
    const [once, ...others] = await all(client, { contact: '+91 98765-43210', direction: 'outbound', text: 'once' });
    assert.equal(once?.text, 'Once');
    assert.equal(others.length, 0);
    const withO = await all(client, { text: 'o', limit: 1 });
    assert.deepEqual(withO.map((message) => message.text), ['Hello', 'One', 'Once', 'Hello']);
    const refused = await all(client, { status: 'failed', error: '131026', type: 'text' });
    assert.deepEqual(refused.map((message) => message.phone), ['15550131026']);
    const cancelled = await all(client, { error: 'cancelled' });
    assert.deepEqual(cancelled.map((message) => [message.status, message.refunded]), [['failed', true]]);
    const [one] = (await all(client, {})).filter((message) => message.message_id === sent);
    assert(one?.contact_id);
    const whole = await client.call('get', '/api/messages/{id}', { path: { id: sent } });
    assert(whole.status === 200 && whole.body.contact_id === one.contact_id);
    const sameContact = await all(client, { contact_id: one.contact_id, channel: one.channel_id, limit: 1 });
    assert(sameContact.length > 1 && sameContact.every((message) => message.phone === '919876543210'));
    assert.deepEqual(await all(client, { until: begun }), []);
    assert.equal((await all(client, { since: begun })).at(-1)?.message_id, sent);
    assert.deepEqual(await all(client, { direction: 'inbound' }), []);
}

async function isToldWhatFiltersAreWrong(client: Client): Promise<void> {
    const absent = await client.call('get', '/api/messages', { query: { channel: '4711' } });
    assert(absent.status === 404 && absent.body.code === 'channel_not_found');
    // @ts-expect-error: what is not described does not compile, and is refused.
    const misspelt = await client.call('get', '/api/messages', { query: { direction: 'out' } });
    assert(misspelt.status === 400);
    assert.equal(misspelt.body.detail?.field, 'direction');
    await assert.rejects(all(client, { channel: '4711' }), /404 channel_not_found/);
}

async function looksAtMoney(client: Client, sent: string): Promise<void> {
    const wallet = await client.call('get', '/api/wallet', {});
    assert(wallet.status === 200);
    let before: number | undefined;
    const rows = [];
    do {
        const page = await client.call('get', '/api/wallet/transactions', {
            query: before === undefined ? { limit: 2 } : { limit: 2, before },
        });
        assert(page.status === 200);
        rows.push(...page.body.transactions);
        before = page.body.next_before ?? undefined;
    } while (before !== undefined);
    assert.equal(rows[0]?.balance_after, wallet.body.balance);
    assert(rows.some((row) => row.message_id === sent && row.kind === 'service_fee'));
}

async function keepsKeys(client: Client, url: string): Promise<void> {
    const made = await client.call('post', '/api/keys', { body: { name: 'shop', rights: ['read'] } });
    assert(made.status === 201 && made.body.key);
    const shop = new Client(url, made.body.key);
    const wallet = await shop.call('get', '/api/wallet', {});
    assert.equal(wallet.status, 200);
    const refused = await shop.call('post', '/api/send-message', { body: { phone: '+919876543210', message: 'Hello' } });
    assert(refused.status === 403);
    assert.equal(refused.body.detail?.right, 'send');
    const ended = await client.call('delete', '/api/keys/{id}', { path: { id: made.body.id } });
    assert(ended.status === 200 && ended.body.revoked_at);
}

export async function run(url: string, key: string): Promise<void> {
    const client = new Client(url, key);
    const begun = new Date().toISOString();
    const sent = await sends(client);
    await sendsOnce(client);
    await sendsMany(client);
    await cancels(client);
    await isRefused(client, url);
    await listsMessages(client, sent);
    await filtersMessages(client, sent, begun);
    await isToldWhatFiltersAreWrong(client);
    await looksAtMoney(client, sent);
    await keepsKeys(client, url);
}
